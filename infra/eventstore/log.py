"""The event log in Postgres: `decide` for what has rules, `record` for facts in bulk."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from commands.ports import Effect
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError, DomainError, NotFoundError
from domain.shared.model import Event, Fact, StreamModel
from infra.eventstore.batch import Appended, EventBatch
from infra.eventstore.mapper import Mapper, PersonErasedError
from infra.eventstore.recorder import TenantRecorder
from infra.observability.tracing import span

S = TypeVar("S")
E = TypeVar("E", bound=Event)

RE_DECISIONS = 8


def no_effects(_: Sequence[Event]) -> Sequence[Effect]:
    """Change no working state."""
    return ()


class PostgresEventLog:
    """The port `commands.ports.EventLog`, on the recorder; `wake` is called after each commit."""

    def __init__(
        self, recorder: TenantRecorder, mapper: Mapper, *, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._wake = wake

    def decide(
        self,
        model: StreamModel[S, E],
        stream_id: UUID,
        decision: Callable[[S], Sequence[E]],
        context: Context,
        *,
        effects: Callable[[Sequence[E]], Sequence[Effect]] = no_effects,
        fresh: bool = False,
    ) -> int:
        """See `commands.ports.EventLog.decide`."""
        for attempt in range(RE_DECISIONS):
            state, version, position = model.initial, 0, 0
            if attempt or not fresh:
                state, version, position = self._fold(model, stream_id, context)
            try:
                events = decision(state)
            except DomainError:
                # Refused, perhaps because this very command has been here before.
                before = self._recorder.find_commit(context)
                if before is None:
                    raise
                return before.last_position
            if not events:  # nothing new, perhaps for the same reason
                before = self._recorder.find_commit(context)
                return position if before is None else before.last_position
            try:
                return self._append_decision(stream_id, version, events, context, effects(events))
            except IntegrityError:
                continue
        raise ConcurrentChangeError(
            f"the {model.name} changed {RE_DECISIONS} times while this was decided; try again"
        )

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        """See `commands.ports.EventLog.record`."""
        return self.append_facts(facts, context, effects=effects).last_position

    def append_facts(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> Appended:
        """Record, and tell how many of the facts were new.

        Raises ConcurrentChangeError when an effect met a row that somebody else wrote meanwhile,
        and PersonErasedError unless this very command was recorded before the erasure.
        """
        events = [fact.event for fact in facts]
        try:
            payloads = self._mapper.encode(context.workspace_id, events)
        except PersonErasedError:
            before = self._recorder.find_commit(context)
            if before is None:
                raise
            return before
        batch = EventBatch(
            decisions=False,
            context=context,
            stream_ids=[fact.fact_id for fact in facts],
            versions=[0] * len(facts),
            tags=[event.TAG for event in events],
            payloads=payloads,
            effects=effects,
        )
        try:
            appended = self._append(batch)
        except IntegrityError as error:
            raise ConcurrentChangeError(
                "working state changed while facts were recorded; read it again and retry"
            ) from error
        self._wake()
        return appended

    def _append(self, batch: EventBatch) -> Appended:
        with span("append", events=len(batch.tags), command=batch.context.command or ""):
            return self._recorder.append(batch)

    def state(self, model: StreamModel[S, E], stream_id: UUID, context: Context) -> S:
        """See `commands.ports.EventLog.state`."""
        return self._fold(model, stream_id, context)[0]

    def _fold(
        self, model: StreamModel[S, E], stream_id: UUID, context: Context
    ) -> tuple[S, int, int]:
        """Return the state, the version and the position of the stream's last event.

        Raises NotFoundError for the stream of another kind of thing: whoever asks may name any id
        of the workspace, and a model says by AssertionError which events it does not know.
        """
        state, version, position = model.initial, 0, 0
        rows = self._recorder.read_stream(context.workspace_id, stream_id)
        for version, tag, data, position in rows:  # noqa: B007 - the last ones are the answer
            event: E = self._mapper.decode(tag, data)  # type: ignore[assignment] # by the stream's model
            try:
                state = model.evolve(state, event)
            except AssertionError as error:
                raise NotFoundError(f"there is no {model.name} with this id") from error
        return state, version, position

    def _append_decision(
        self,
        stream_id: UUID,
        version: int,
        events: Sequence[Event],
        context: Context,
        effects: Sequence[Effect],
    ) -> int:
        batch = EventBatch(
            decisions=True,
            context=context,
            stream_ids=[stream_id] * len(events),
            versions=list(range(version + 1, version + 1 + len(events))),
            tags=[event.TAG for event in events],
            payloads=self._mapper.encode(context.workspace_id, events),
            effects=effects,
        )
        appended = self._append(batch)
        self._wake()
        return appended.last_position
