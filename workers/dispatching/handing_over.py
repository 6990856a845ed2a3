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
from infra.smtp.mail import HELD, Accepted, MailSender, NotSent
from workers.acting import acting
from workers.dispatching.campaign_mail import Ready
from workers.dispatching.pacing import Turn
from workers.dispatching.persistence import persist
from workers.dispatching.recording import OutcomeRecorder
from workers.dispatching.settling import Settled, Settler
from workers.runtime import Backoff

log = structlog.get_logger()

AIM_S = 0.2  # a chunk is as long as the relay takes in this time, so that the last look is fresh
FIRST_CHUNK = 50
MOST_CHUNK = 100
KNOWN_CAMPAIGNS = 1_000


class HandOver:
    """One chunk at a time from "ours" to "its outcome is with the recorder"."""

    def __init__(
        self,
        log_: PostgresEventLog,
        *,
        queue: EmailQueue,
        keys: KeyVault,
        sender: MailSender,
        settler: Settler,
        recorder: OutcomeRecorder,
        rates: RelayRates,
        rate: RelayRate | None,
        why_not: Callable[[CampaignRun], str | None],
    ) -> None:
        self._log = log_
        self._queue = queue
        self._keys = keys
        self._sender = sender
        self._settler = settler
        self._recorder = recorder
        self._rates = rates
        self._rate = rate
        self._why_not = why_not
        self._chunk = FIRST_CHUNK
        self._outage = Backoff()
        self._pause_s = 0.0
        self._requests: dict[UUID, UUID | None] = {}

    @property
    def chunk(self) -> int:
        """How many messages the next chunk should have."""
        return min(self._rate.chunk, MOST_CHUNK) if self._rate else self._chunk

    async def send(self, run: CampaignRun, chunk: Sequence[Ready]) -> None:
        """See a chunk through, until its outcomes are in the log.

        So chunks in flight bound what a crash can make uncertain. A chunk that is not ours any
        more is dropped; one that a kill switch stops is given back.
        """
        await asyncio.sleep(self._pause_s)
        if self._why_not(run) is not None:
            messages = [ready.task.message_id for ready in chunk]
            await persist(lambda: self._queue.release(run.workspace_id, messages))
            return
        request = await self._request_of(run)
        if not await self._record_handover(run, chunk, request):
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
        with span("dispatch", parent=trace_of(request) if request else None, mails=len(chunk)):
            for block in _blocks(chunk, self._rate):
                recorded += await self._send_block(run, block)
        await asyncio.gather(*(event.wait() for event in set(recorded)))

    async def _send_block(self, run: CampaignRun, block: Sequence[Ready]) -> list[asyncio.Event]:
        """Wait for the block's turn, look once more, and send what still may go."""
        turn = Turn(self._rates, self._rate)
        await turn.come_near()
        contacts = [ready.task.contact_id for ready in block]
        gate, stopped = await persist(lambda: self._last_look(run, contacts))
        recorded = [
            self._recorder.add(settled)
            for ready in block
            if (settled := self._stopped(run, ready, gate, stopped))
        ]
        if gate == "open":
            wanted = [ready for ready in block if ready.task.contact_id not in stopped]
            await turn.begin()
            recorded += await self._send(run, wanted)
        await turn.end()
        return recorded

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
        self, run: CampaignRun, ready: Ready, gate: str, stopped: Mapping[UUID, str]
    ) -> Settled | None:
        """Return what to record of a message that may not go out after all."""
        if gate != "open":
            return self._settler.hold(run, ready.task, gate=gate)
        reason = stopped.get(ready.task.contact_id)
        return self._settler.skip(run, ready.task, SkipReason(reason)) if reason else None

    async def _record_handover(
        self, run: CampaignRun, chunk: Sequence[Ready], request: UUID | None
    ) -> bool:
        messages = [ready.task.message_id for ready in chunk]
        command_id = new_id()
        fact = Fact(
            derive_id(time_ms_of(messages[0]), b"handover", command_id.bytes),
            HandoverStarted(relay=self._settler.relay, messages=pack_ids(messages)),
        )
        context = acting("dispatcher", run.workspace_id, command_id, correlation_id=request)
        effect = self._queue.hand_over(run.workspace_id, messages)
        try:
            await persist(lambda: self._log.record([fact], context, effects=[effect]))
        except StaleStateError as error:
            log.warning("chunk_not_ours", campaign_id=str(run.campaign_id), error=str(error))
            await persist(lambda: self._queue.release(run.workspace_id, messages))
            return False
        return True

    async def _send(self, run: CampaignRun, chunk: Sequence[Ready]) -> list[asyncio.Event]:
        tasks = {ready.task.message_id: ready.task for ready in chunk}
        clock = asyncio.get_running_loop().time
        began, unsent, held = clock(), 0, 0
        recorded = []
        outcomes = self._sender.send(
            [ready.mail for ready in chunk], may_begin=lambda: self._why_not(run) is None
        )
        async for outcome in outcomes:
            if isinstance(outcome, Accepted):
                failpoint(Failpoint.DISPATCHER_ANSWERED)
            task = tasks[outcome.message_id]
            if isinstance(outcome, NotSent) and outcome.reason == HELD:
                held += 1
                why = f"stopped ({self._why_not(run) or HELD})"
                recorded.append(self._recorder.add(self._settler.hold(run, task, gate=why)))
                continue
            unsent += isinstance(outcome, NotSent)
            settled = self._settler.settle(run, task, outcome)
            recorded.append(self._recorder.add(settled))
        if held < len(chunk):
            self._learn(len(chunk) - held, unsent=unsent, took_s=clock() - began)
        return recorded

    def _learn(self, sent: int, *, unsent: int, took_s: float) -> None:
        """Adapt the chunk to the relay's pace; pause when it took nothing at all."""
        if unsent == sent:
            self._pause_s = self._outage.pause()
            log.warning("relay_unreached", relay=self._settler.relay, pause_s=self._pause_s)
            return
        self._outage.succeeded()
        self._pause_s = 0.0
        fitting = int(sent * AIM_S / max(took_s, 0.001))
        if fitting < self._chunk or sent >= self._chunk:
            self._chunk = min(max(fitting, 1, self._chunk // 2), self._chunk * 2, MOST_CHUNK)


def _blocks(chunk: Sequence[Ready], rate: RelayRate | None) -> Iterable[Sequence[Ready]]:
    """Cut a chunk into what one permit is good for."""
    size = rate.block if rate else max(len(chunk), 1)
    return (chunk[at : at + size] for at in range(0, len(chunk), size))
