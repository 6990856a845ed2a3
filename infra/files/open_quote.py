"""Find the line in which the quote opens that breaks a CSV record."""

from collections.abc import Sequence
from enum import Enum, auto


class _State(Enum):
    FIELD_START = auto()
    BARE = auto()
    QUOTED = auto()
    CLOSED = auto()


def line_of_open_quote(lines: Sequence[str], *, delimiter: str) -> int:
    """Return the index of the line whose quote is never closed, or is closed in mid-value.

    Reads as csv.reader does with skipinitialspace. Linear; called for broken records only.
    """
    state, opened_in = _State.FIELD_START, 0
    for index, line in enumerate(lines):
        for char in line:
            was, state = state, _next_state(state, char=char, delimiter=delimiter)
            if was is _State.FIELD_START and state is _State.QUOTED:
                opened_in = index
            elif was is _State.CLOSED and state is _State.BARE:
                return opened_in
    return opened_in


def _next_state(state: _State, *, char: str, delimiter: str) -> _State:
    if state is _State.QUOTED:
        return _State.CLOSED if char == '"' else _State.QUOTED
    if char == delimiter or char in "\r\n":
        return _State.FIELD_START
    if char == '"' and state in {_State.FIELD_START, _State.CLOSED}:
        return _State.QUOTED
    if char == " " and state is _State.FIELD_START:
        return _State.FIELD_START
    return _State.BARE
