"""Hand chunks to the relay, at most once: recorded first, looked at once more, then sent."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import structlog

from domain.delivery.events import HandoverStarted, SkipReason
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
from infra.postgres.relay_rates import RelayRate, RelayRates
from infra.postgres.sql_effect import StaleStateError
from infra.smtp.mail import HELD, Accepted, NotSent, Outcome
from workers.acting import acting
from workers.dispatching.campaign_mail import Ready
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.pacing import Turn
from workers.dispatching.persistence import persist
from workers.dispatching.recording import OutcomeRecorder
from workers.dispatching.relay_pool import RelayPool
from workers.dispatching.settling import Settled, Settler

log = structlog.get_logger()

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
        self._keys = keys
        self._pool = pool
        self._recorder = recorder
        self._rates = rates
        self._why_not = why_not
        self._requests: dict[UUID, UUID | None] = {}

    async def send(self, run: CampaignRun, chunk: Sequence[Ready], relay: OpenRelay) -> None:
        """See a chunk through, until its outcomes are in the log.

        So chunks in flight bound what a crash can make uncertain. A chunk that is not ours any
        more is dropped; one that a kill switch stops is given back. What provably never left goes
        to another relay at once, if there is one.
        """
        await asyncio.sleep(relay.pause_s)
        if self._why_not(run) is not None:
            messages = [ready.task.message_id for ready in chunk]
            await persist(lambda: self._queue.release(run.workspace_id, messages))
            return
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
        recorded: list[asyncio.Event] = []
        tried = [relay]
        with span("dispatch", parent=trace_of(request) if request else None, mails=len(chunk)):
            unsent = await self._through(relay, run, chunk, recorded)
            while unsent and (other := await self._pool.pick(run.workspace_id, without=tried)):
                tried.append(other)
                left = [ready for ready, _ in unsent]
                log.warning("chunk_goes_another_way", relay=other.name, messages=len(left))
                await self._record_another_way(run, left, request, other)
                unsent = await self._through(other, run, left, recorded)
        for ready, outcome in unsent:
            settled = tried[-1].settler.settle(run, ready.task, outcome)
            recorded.append(self._recorder.add(settled))
        await asyncio.gather(*(event.wait() for event in set(recorded)))

    async def _through(
        self,
        relay: OpenRelay,
        run: CampaignRun,
        chunk: Sequence[Ready],
        recorded: list[asyncio.Event],
    ) -> list[tuple[Ready, NotSent]]:
        """Send through one relay, block by block; return what it did not get, and why."""
        unsent: list[tuple[Ready, NotSent]] = []
        relay.flying += 1
        try:
            for block in _blocks(chunk, relay.rate):
                lost = unsent[-1][1].reason if relay.left_alone and unsent else None
                if lost is None:
                    unsent += await self._send_block(run, block, relay, recorded)
                else:
                    unsent += [(one, NotSent(one.task.message_id, lost)) for one in block]
        finally:
            relay.flying -= 1
        return unsent

    async def _send_block(
        self,
        run: CampaignRun,
        block: Sequence[Ready],
        relay: OpenRelay,
        recorded: list[asyncio.Event],
    ) -> list[tuple[Ready, NotSent]]:
        """Wait for the block's turn, look once more, and send what still may go."""
        turn = Turn(self._rates, relay.rate)
        await turn.come_near()
        contacts = [ready.task.contact_id for ready in block]
        gate, stopped = await persist(lambda: self._last_look(run, contacts))
        recorded += [
            self._recorder.add(settled)
            for ready in block
            if (settled := self._stopped(run, ready, gate, stopped, relay.settler))
        ]
        unsent = []
        if gate == "open":
            wanted = [ready for ready in block if ready.task.contact_id not in stopped]
            await turn.begin()
            unsent = await self._send(run, wanted, relay, recorded)
        await turn.end()
        return unsent

    async def _request_of(self, run: CampaignRun) -> UUID | None:
        """Return the request that launched the campaign; asked once a campaign."""
        if run.campaign_id not in self._requests:
            position = run.launched_position
            found = await persist(lambda: self._queue.correlation_at(run.workspace_id, position))
            if len(self._requests) > KNOWN_CAMPAIGNS:
                self._requests.clear()
            self._requests[run.campaign_id] = found
        return self._requests[run.campaign_id]

    def _last_look(
        self, run: CampaignRun, contacts: Sequence[UUID]
    ) -> tuple[str, Mapping[UUID, str]]:
        """Ask the gate, the list and the vault itself, whatever was cached at the claim."""
        gate, stopped = self._queue.last_look(run, contacts)
        dead = set(contacts) - self._keys.living(run.workspace_id, contacts)
        return gate, dict.fromkeys(dead, SkipReason.ERASED) | stopped

    def _stopped(
        self,
        run: CampaignRun,
        ready: Ready,
        gate: str,
        stopped: Mapping[UUID, str],
        settler: Settler,
    ) -> Settled | None:
        """Return what to record of a message that may not go out after all."""
        if gate != "open":
            return settler.hold(run, ready.task, gate=gate)
        reason = stopped.get(ready.task.contact_id)
        return settler.skip(run, ready.task, SkipReason(reason)) if reason else None

    async def _record_handover(
        self, run: CampaignRun, chunk: Sequence[Ready], request: UUID | None, relay: OpenRelay
    ) -> bool:
        messages = [ready.task.message_id for ready in chunk]
        fact, command_id = _handover(messages, relay)
        context = acting("dispatcher", run.workspace_id, command_id, correlation_id=request)
        effect = self._queue.hand_over(run.workspace_id, messages)
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
        await persist(lambda: self._log.record([fact], context))

    async def _send(
        self,
        run: CampaignRun,
        chunk: Sequence[Ready],
        relay: OpenRelay,
        recorded: list[asyncio.Event],
    ) -> list[tuple[Ready, NotSent]]:
        ready_of = {ready.task.message_id: ready for ready in chunk}
        clock = asyncio.get_running_loop().time
        began = clock()
        outcomes: list[Outcome] = []
        unsent: list[tuple[Ready, NotSent]] = []
        sending = relay.sender.send(
            [ready.mail for ready in chunk], may_begin=lambda: self._why_not(run) is None
        )
        async for outcome in sending:
            if isinstance(outcome, Accepted):
                failpoint(Failpoint.DISPATCHER_ANSWERED)
            ready = ready_of[outcome.message_id]
            if isinstance(outcome, NotSent) and outcome.reason == HELD:
                why = f"stopped ({self._why_not(run) or HELD})"
                held = relay.settler.hold(run, ready.task, gate=why)
                recorded.append(self._recorder.add(held))
                continue
            outcomes.append(outcome)
            if isinstance(outcome, NotSent):
                unsent.append((ready, outcome))
                continue
            settled = relay.settler.settle(run, ready.task, outcome)
            recorded.append(self._recorder.add(settled))
        if outcomes:
            await self._report(relay, outcomes, took_s=clock() - began)
        return unsent

    async def _report(
        self, relay: OpenRelay, outcomes: Sequence[Outcome], *, took_s: float
    ) -> None:
        evidence = relay.learn(outcomes, took_s=took_s)
        if evidence is not None:
            await self._pool.failed(relay, evidence=evidence)
        elif any(not isinstance(outcome, NotSent) for outcome in outcomes):
            await self._pool.answered(relay)


def _handover(messages: Sequence[UUID], relay: OpenRelay) -> tuple[Fact, UUID]:
    """Return the fact that these may be on the wire, and the id of the command that says so."""
    command_id = new_id()
    fact_id = derive_id(time_ms_of(messages[0]), b"handover", command_id.bytes)
    return Fact(fact_id, HandoverStarted(relay=relay.name, messages=pack_ids(messages))), command_id


def _blocks(chunk: Sequence[Ready], rate: RelayRate | None) -> Iterable[Sequence[Ready]]:
    """Cut a chunk into what one permit is good for."""
    size = rate.block if rate else max(len(chunk), 1)
    return (chunk[at : at + size] for at in range(0, len(chunk), size))
