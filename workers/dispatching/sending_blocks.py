"""Send a chunk that is handed over: the last look, then block by block when its turn comes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from domain.delivery.events import SkipReason
from infra.crypto.vault import KeyVault
from infra.failpoints import Failpoint, failpoint
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.email_queue import EmailQueue
from infra.smtp.mail import HELD, Accepted, NotSent, Outcome
from workers.dispatching.campaign_mail import Ready
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.pacing import Turn
from workers.dispatching.persistence import persist
from workers.dispatching.recording import OutcomeRecorder
from workers.dispatching.relay_pool import RelayPool
from workers.dispatching.settling import Settled, Settler

Unsent = list[tuple[Ready, NotSent]]


class Sent:
    """What a chunk waits for: the events that are set once its outcomes are in the log."""

    def __init__(self) -> None:
        self.recorded: list[asyncio.Event] = []

    async def until_recorded(self) -> None:
        """Return when the last of them is."""
        for event in set(self.recorded):
            await event.wait()


class BlockSender:
    """Sends what is handed over and gives each outcome to the recorder."""

    def __init__(
        self,
        queue: EmailQueue,
        keys: KeyVault,
        *,
        pool: RelayPool,
        recorder: OutcomeRecorder,
        why_not: Callable[[CampaignRun], str | None],
    ) -> None:
        self._queue = queue
        self._keys = keys
        self._pool = pool
        self._recorder = recorder
        self._why_not = why_not

    async def send(
        self, run: CampaignRun, chunk: Sequence[Ready], relay: OpenRelay, *, turn: Turn, sent: Sent
    ) -> Unsent:
        """Look once more, and send what still may go; return what the relay did not get, and why.

        Everything else is with the recorder then, and `sent` has what to wait for.
        """
        contacts = [ready.task.contact_id for ready in chunk]
        gate, stopped = await persist(lambda: self._last_look(run, contacts))
        wanted = []
        for ready in chunk:
            settled = self._stopped(run, ready, gate, stopped, relay.settler)
            if settled is None:
                wanted.append(ready)
            else:
                sent.recorded.append(self._recorder.add(settled))
        size = turn.block or max(len(wanted), 1)
        blocks = [wanted[at : at + size] for at in range(0, len(wanted), size)]
        relay.flying += 1
        try:
            found = await asyncio.gather(
                *(
                    self._send_block(run, block, relay, turn=turn, number=number, sent=sent)
                    for number, block in enumerate(blocks)
                )
            )
        finally:
            relay.flying -= 1
        return [one for unsent in found for one in unsent]

    async def _send_block(
        self,
        run: CampaignRun,
        block: Sequence[Ready],
        relay: OpenRelay,
        *,
        turn: Turn,
        number: int,
        sent: Sent,
    ) -> Unsent:
        await turn.begin(number)
        unsent = await self._send(run, block, relay, sent.recorded)
        turn.answered(number)
        return unsent

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

        def take(outcome: Outcome) -> None:
            if isinstance(outcome, Accepted):
                failpoint(Failpoint.DISPATCHER_ANSWERED)
            ready = ready_of[outcome.message_id]
            if isinstance(outcome, NotSent):
                if outcome.reason != HELD:
                    outcomes.append(outcome)
                    unsent.append((ready, outcome))
                    return
                why = f"stopped ({self._why_not(run) or HELD})"
                settled = relay.settler.hold(run, ready.task, gate=why)
            else:
                outcomes.append(outcome)
                settled = relay.settler.settle(run, ready.task, outcome)
            recorded.append(self._recorder.add(settled))

        await relay.sender.send_all(
            [ready.mail for ready in chunk], take, may_begin=lambda: self._why_not(run) is None
        )
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
