"""Record outcomes in batches: facts, and what becomes of the tasks, in one transaction."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.delivery.events import EmailUncertain
from domain.shared.context import Context
from domain.shared.model import Event, Fact
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.eventstore.mapper import PersonErasedError
from infra.failpoints import Failpoint, failpoint
from infra.postgres.dead_letters import DeadLetters
from infra.postgres.email_queue import EmailQueue
from infra.postgres.uncertain_messages import note_uncertain
from workers.acting import acting
from workers.dispatching.persistence import persist
from workers.dispatching.settling import Settled

FLUSH_AT = 400
FLUSH_AFTER_S = 0.1


class OutcomeRecorder:
    """Collects outcomes; every 400 of them or 100 ms they go into the log."""

    def __init__(self, log: PostgresEventLog, queue: EmailQueue) -> None:
        self._log = log
        self._queue = queue
        self._waiting: list[Settled] = []
        self._enough = asyncio.Event()
        self._recorded = asyncio.Event()
        self._closing = False

    def add(self, settled: Settled) -> asyncio.Event:
        """Take an outcome; the event returned is set once it is recorded."""
        self._waiting.append(settled)
        if len(self._waiting) >= FLUSH_AT:
            self._enough.set()
        return self._recorded

    def hurry(self) -> None:
        """Let what was taken be recorded without waiting for more."""
        self._enough.set()

    def close(self) -> None:
        """Let `run` end once everything is recorded."""
        self._closing = True
        self._enough.set()

    async def run(self) -> None:
        """Record until closed and empty."""
        while not (self._closing and not self._waiting):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), FLUSH_AFTER_S)
            if not self._closing:
                self._enough.clear()
            waiting, self._waiting = self._waiting, []
            recorded, self._recorded = self._recorded, asyncio.Event()
            try:
                for workspace_id, batch in _by_workspace(waiting).items():
                    await self._record(workspace_id, batch)
            finally:
                recorded.set()  # after a failure nobody is to wait for ever: this life ends

    async def _record(self, workspace_id: UUID, batch: Sequence[Settled]) -> None:
        context = acting("dispatcher", workspace_id, new_id())
        facts = [settled.fact for settled in batch]
        facts += [settled.repeat for settled in batch if settled.repeat is not None]
        effects = self._effects(workspace_id, batch)
        await persist(lambda: self._append(facts, context, effects))
        failpoint(Failpoint.DISPATCHER_RECORDED)

    def _append(self, facts: Sequence[Fact], context: Context, effects: Sequence[Effect]) -> None:
        try:
            self._log.record(facts, context, effects=effects)
        except PersonErasedError:
            # What happened is still a fact; what the server said of the person is not kept.
            self._log.record(
                [Fact(fact.fact_id, _without_reply(fact.event)) for fact in facts],
                context,
                effects=effects,
            )

    def _effects(self, workspace_id: UUID, batch: Sequence[Settled]) -> list[Effect]:
        over = [settled.message_id for settled in batch if settled.due_at is None]
        again = [
            (settled.message_id, settled.due_at) for settled in batch if settled.due_at is not None
        ]
        lost = [
            settled.message_id
            for settled in batch
            if isinstance(settled.fact.event, EmailUncertain) and settled.repeat is None
        ]
        resent = [settled.message_id for settled in batch if settled.repeat is not None]
        letters = [settled.letter for settled in batch if settled.letter is not None]
        effects: list[Effect] = []
        if lost:
            effects.append(note_uncertain(workspace_id, lost, owner=self._queue.owner))
        if resent:
            effects.append(
                note_uncertain(workspace_id, resent, owner=self._queue.owner, resent=True)
            )
        if over:
            effects.append(self._queue.remove(workspace_id, over))
        if again:
            effects.append(self._queue.defer(workspace_id, again))
        if letters:
            effects.append(DeadLetters(workspace_id, letters))
        return effects


def _by_workspace(waiting: Sequence[Settled]) -> dict[UUID, list[Settled]]:
    batches: dict[UUID, list[Settled]] = {}
    for settled in waiting:
        batches.setdefault(settled.workspace_id, []).append(settled)
    return batches


def _without_reply(event: Event) -> Event:
    return msgspec.structs.replace(event, reply=None) if hasattr(event, "reply") else event
