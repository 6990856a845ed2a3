"""The event log in memory, for unit tests of commands; passes the same contract suite."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.shared.context import Context
from domain.shared.errors import DomainError
from domain.shared.model import Event, Fact, StreamModel
from infra.eventstore.log import no_effects

S = TypeVar("S")
E = TypeVar("E", bound=Event)


class MemoryEventLog:
    """One list, in order. Effects are kept, not applied: there is no database."""

    def __init__(self) -> None:
        self.events: list[tuple[UUID, UUID, Event]] = []  # workspace, stream or fact id, event
        self.effects: list[Effect] = []
        self._commits: dict[tuple[UUID, UUID], int] = {}

    def decide(
        self,
        model: StreamModel[S, E],
        stream_id: UUID,
        decision: Callable[[S], Sequence[E]],
        context: Context,
        *,
        effects: Callable[[Sequence[E]], Sequence[Effect]] = no_effects,
        fresh: bool = False,  # noqa: ARG002 reading costs nothing here
    ) -> int:
        """See `commands.ports.EventLog.decide`."""
        command = (context.workspace_id, context.command_id)
        try:
            events = decision(self.state(model, stream_id, context))
        except DomainError:
            if command in self._commits:
                return self._commits[command]
            raise
        if command in self._commits:
            return self._commits[command]
        if not events:
            of_stream = [
                at
                for at, (workspace, stream, _) in enumerate(self.events, 1)
                if (workspace, stream) == (context.workspace_id, stream_id)
            ]
            return of_stream[-1] if of_stream else 0
        self.effects += effects(events)
        return self._append([(stream_id, event) for event in events], context)

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        """See `commands.ports.EventLog.record`."""
        command = (context.workspace_id, context.command_id)
        if command in self._commits:
            return self._commits[command]
        known = {(workspace, stream) for workspace, stream, _ in self.events}
        self.effects += effects
        return self._append(
            [
                (fact.fact_id, fact.event)
                for fact in facts
                if (context.workspace_id, fact.fact_id) not in known
            ],
            context,
        )

    def state(self, model: StreamModel[S, E], stream_id: UUID, context: Context) -> S:
        """See `commands.ports.EventLog.state`."""
        of_stream: list[E] = [
            event  # type: ignore[misc] # the stream's model knows its events
            for workspace, stream, event in self.events
            if (workspace, stream) == (context.workspace_id, stream_id)
        ]
        return model.fold(of_stream)

    def _append(self, rows: Sequence[tuple[UUID, Event]], context: Context) -> int:
        for stream_id, event in rows:
            # Through JSON and back: what cannot be stored must fail here too.
            copy = msgspec.json.decode(msgspec.json.encode(event), type=type(event))
            self.events.append((context.workspace_id, stream_id, copy))
        position = len(self.events)
        self._commits[context.workspace_id, context.command_id] = position
        return position
