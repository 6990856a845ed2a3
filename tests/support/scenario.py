"""Decisions told in facts: given what happened, when this is asked, then that follows."""

from collections.abc import Callable, Sequence
from typing import Generic, Self, TypeVar

import pytest

from domain.shared.errors import DomainError
from domain.shared.model import Event, StreamModel

S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Scenario(Generic[S, E]):
    """One stream; every `given`, `then` and `refused` is about its events alone."""

    def __init__(self, model: StreamModel[S, E]) -> None:
        self._model = model
        self._past: list[E] = []
        self._decision: Callable[[S], Sequence[E]] | None = None

    def given(self, *events: E) -> Self:
        self._past += events
        return self

    def when(self, decision: Callable[[S], Sequence[E]]) -> Self:
        self._decision = decision
        return self

    def then(self, *events: E) -> S:
        """Expect exactly these events, none when nothing is new; return the state after them."""
        decided = list(self._decide())
        assert decided == list(events)
        return self._model.fold(self._past + decided)

    def refused(self, error: type[DomainError], match: str) -> None:
        with pytest.raises(error, match=match) as caught:
            self._decide()
        assert type(caught.value) is error, "a refusal is named exactly"

    def _decide(self) -> Sequence[E]:
        assert self._decision is not None, "a scenario asks something: call `when`"
        return self._decision(self._model.fold(self._past))
