"""Events, the facts that wrap them, and the shape of a decision stream."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. Small, immutable, named by our own tag.

    `TAG` is `context.noun_verb.vN` and is never reused; `SUBJECT` names the field with the id of
    the person whose key seals the `Personal` fields.
    """

    TAG: ClassVar[str]
    SUBJECT: ClassVar[str | None] = None


class Fact(msgspec.Struct, frozen=True):
    """An event to record in bulk; `fact_id` is derived, so that telling it twice is harmless."""

    fact_id: UUID
    event: Event


S = TypeVar("S")
E = TypeVar("E", bound=Event)


class StreamModel(msgspec.Struct, Generic[S, E], frozen=True):
    """How one kind of stream folds: the state before the first event, and one step."""

    name: str
    initial: S
    evolve: Callable[[S, E], S]

    def fold(self, events: list[E]) -> S:
        """Return the state after these events, oldest first."""
        state = self.initial
        for event in events:
            state = self.evolve(state, event)
        return state
