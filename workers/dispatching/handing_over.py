"""Hand chunks to the relay, at most once: recorded first, looked at once more, then sent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import structlog

from domain.delivery.events import HandoverStarted
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Fact
from domain.shared.packed_ids import pack_ids
from infra.clock import new_id
from infra.crypto.vault import KeyVault
from infra.eventstore.log import PostgresEventLog
from infra.failpoints import Failpoint, failpoint
from infra.observability.tracing import span, trace_of
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.email_queue import EmailQueue
from infra.postgres.relay_rates import RelayRates
from infra.postgres.sql_effect import StaleStateError
from workers.acting import acting
from workers.dispatching.campaign_mail import Ready
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.pacing import Turn
from workers.dispatching.persistence import persist
from workers.dispatching.recording import OutcomeRecorder
from workers.dispatching.relay_pool import RelayPool
from workers.dispatching.sending_blocks import BlockSender, Sent, Unsent

log = structlog.get_logger()

IN_FLIGHT = 6  # chunks between the handover and the record of their last outcome
KNOWN_CAMPAIGNS = 1_000


class HandOver:
    """One chunk at a time from "ours" to "its outcome is with the recorder"."""

    def __init__(
        self,
        log_: PostgresEventLog,
        *,
        queue: EmailQueue,
        keys: KeyVault,
        pool: RelayPool,
        recorder: OutcomeRecorder,
        rates: RelayRates,
        why_not: Callable[[CampaignRun], str | None],
    ) -> None:
        self._log = log_
        self._queue = queue
        self._pool = pool
        self._recorder = recorder
        self._rates = rates
        self._why_not = why_not
        self._blocks = BlockSender(queue, keys, pool=pool, recorder=recorder, why_not=why_not)
        self._requests: dict[UUID, UUID | None] = {}
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def send(self, run: CampaignRun, chunk: Sequence[Ready], relay: OpenRelay) -> None:
        """See a chunk through, until its outcomes are in the log.

        It waits for its turn before it is recorded as handed over, so that what is in flight, which
        bounds what a crash can make uncertain, is never what only waits. What a kill switch stops
        meanwhile is given back.
        """
        await asyncio.sleep(relay.pause_s)
        async for turn, piece in self._in_turn(relay, chunk):
            async with self._in_flight:
                if self._why_not(run) is None:
                    await self._hand_over(run, piece, relay, turn)
                else:
                    await self._release(run, piece)
            await turn.end()

    async def _in_turn(
        self, relay: OpenRelay, messages: Sequence[Ready]
    ) -> AsyncIterator[tuple[Turn, Sequence[Ready]]]:
        """Yield the messages with a turn near for each: at once, or in as many as it takes."""
        while messages:
            turn = Turn(self._rates, relay.rate)
            room = await turn.come_near(len(messages))
            yield turn, messages[:room]
            messages = messages[room:]

    async def _hand_over(
        self, run: CampaignRun, chunk: Sequence[Ready], relay: OpenRelay, turn: Turn
    ) -> None:
        """Record the handover, send, and wait until the outcomes are in the log.

        A chunk that is not ours any more is dropped. What provably never left goes to another relay
        at once, if there is one.
        """
        request = await self._request_of(run)
        if not await self._record_handover(run, chunk, request, relay):
            return
        failpoint(Failpoint.DISPATCHER_HANDED_OVER)
        log.info(
            "chunk_handed_over",
            workspace_id=str(run.workspace_id),
            campaign_id=str(run.campaign_id),
            correlation_id=str(request),
            messages=len(chunk),
        )
        sent = Sent()
        with span("dispatch", parent=trace_of(request) if request else None, mails=len(chunk)):
            unsent = await self._blocks.send(run, chunk, relay, turn=turn, sent=sent)
            if unsent:
                relay, unsent = await self._another_way(run, unsent, relay, request, sent)
        for ready, outcome in unsent:
            sent.recorded.append(self._recorder.add(relay.settler.settle(run, ready.task, outcome)))
        if relay.rate is not None:
            self._recorder.hurry()  # the pace is what may be in flight over how long it is
        await sent.until_recorded()

    async def _another_way(
        self,
        run: CampaignRun,
        unsent: Unsent,
        relay: OpenRelay,
        request: UUID | None,
        sent: Sent,
    ) -> tuple[OpenRelay, Unsent]:
        """Try the other relays; return the last one tried, and what even that did not get."""
        tried = [relay]
        while unsent and (other := await self._pool.pick(run.workspace_id, without=tried)):
            tried.append(other)
            left, unsent = [ready for ready, _ in unsent], []
            log.warning("chunk_goes_another_way", relay=other.name, messages=len(left))
            async for turn, piece in self._in_turn(other, left):
                await self._record_another_way(run, piece, request, other)
                unsent += await self._blocks.send(run, piece, other, turn=turn, sent=sent)
                await turn.end()
        return tried[-1], unsent

    async def _release(self, run: CampaignRun, chunk: Sequence[Ready]) -> None:
        messages = [ready.task.message_id for ready in chunk]
        await persist(lambda: self._queue.release(run.workspace_id, messages))

    async def _request_of(self, run: CampaignRun) -> UUID | None:
        """Return the request that launched the campaign; asked once a campaign."""
        if run.campaign_id not in self._requests:
            position = run.launched_position
            found = await persist(lambda: self._queue.correlation_at(run.workspace_id, position))
            if len(self._requests) > KNOWN_CAMPAIGNS:
                self._requests.clear()
            self._requests[run.campaign_id] = found
        return self._requests[run.campaign_id]

    async def _record_handover(
        self, run: CampaignRun, chunk: Sequence[Ready], request: UUID | None, relay: OpenRelay
    ) -> bool:
        messages = [ready.task.message_id for ready in chunk]
        fact, command_id = _handover(messages, relay)
        context = acting("dispatcher", run.workspace_id, command_id, correlation_id=request)
        effect = self._queue.hand_over(run.workspace_id, messages, relay=relay.name)
        try:
            await persist(lambda: self._log.record([fact], context, effects=[effect]))
        except StaleStateError as error:
            log.warning("chunk_not_ours", campaign_id=str(run.campaign_id), error=str(error))
            await persist(lambda: self._queue.release(run.workspace_id, messages))
            return False
        return True

    async def _record_another_way(
        self, run: CampaignRun, chunk: Sequence[Ready], request: UUID | None, relay: OpenRelay
    ) -> None:
        """Record that what was handed over, and never left, is handed to another relay."""
        messages = [ready.task.message_id for ready in chunk]
        fact, command_id = _handover(messages, relay)
        context = acting("dispatcher", run.workspace_id, command_id, correlation_id=request)
        effect = self._queue.hand_another_way(run.workspace_id, messages, relay=relay.name)
        await persist(lambda: self._log.record([fact], context, effects=[effect]))


def _handover(messages: Sequence[UUID], relay: OpenRelay) -> tuple[Fact, UUID]:
    """Return the fact that these may be on the wire, and the id of the command that says so."""
    command_id = new_id()
    fact_id = derive_id(time_ms_of(messages[0]), b"handover", command_id.bytes)
    return Fact(fact_id, HandoverStarted(relay=relay.name, messages=pack_ids(messages))), command_id
