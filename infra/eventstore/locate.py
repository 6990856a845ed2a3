"""Name the first bad position inside a seal whose root differs, by the seal's index."""

from collections.abc import Sequence
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.leaves import Leaf, event_leaf
from infra.eventstore.merkle import leaf_hash
from infra.eventstore.reader import LogRow, read_page
from infra.eventstore.seals import FINGERPRINT_BYTES, SealIndex


class _Mark(NamedTuple):
    """A leaf as an index knows it."""

    position: int
    fingerprint: bytes


def first_fault(
    connection: Connection[TupleRow], index: SealIndex, leaves: Sequence[Leaf]
) -> tuple[int, str] | None:
    """Return the first bad position and what is wrong there; None when the index sees nothing."""
    sealed = list(map(_Mark, index.positions, index.fingerprints))
    found = [_Mark(leaf.position, leaf.hash[:FINGERPRINT_BYTES]) for leaf in leaves]
    at = next((at for at, (a, b) in enumerate(zip(sealed, found, strict=False)) if a != b), None)
    if at is None:
        if len(sealed) == len(found):
            return None
        at = min(len(sealed), len(found))
    if at == len(found) or (at < len(sealed) and sealed[at].position < found[at].position):
        is_commit = at > 0 and sealed[at - 1].position == sealed[at].position
        what = "the commit of this event is missing" if is_commit else "the event is missing"
        return sealed[at].position, what
    if at == len(sealed) or found[at].position < sealed[at].position:
        return found[at].position, "a row was added here after the log was sealed"
    if not leaves[at].is_event:
        return found[at].position, "the commit of this event was changed"
    return found[at].position, _changed(connection, sealed, found, found[at].position)


def _changed(
    connection: Connection[TupleRow],
    sealed: Sequence[_Mark],
    found: Sequence[_Mark],
    position: int,
) -> str:
    """Tell whether the event was exchanged with another one of the seal, or changed by itself."""
    before = dict(reversed(sealed))  # of an event and its commit the event comes first, and stays
    now = dict(reversed(found))
    differing = [place for place in before if before[place] != now.get(place)]
    others = [place for place in differing if place != position and place in now]
    if len(others) == 1:
        here, there = _row(connection, position), _row(connection, others[0])
        for back, forth in ((_moved(there, here), _moved(here, there)), _data_swapped(here, there)):
            if (_mark(back), _mark(forth)) == (before[position], before[others[0]]):
                return f"the event was exchanged with that of position {others[0]}"
    return "the event was changed: its payload or another column is not what was sealed"


def _row(connection: Connection[TupleRow], position: int) -> LogRow:
    return read_page(connection, position - 1, upto=position, limit=1)[0]


def _moved(row: LogRow, to: LogRow) -> LogRow:
    return row._replace(position=to.position)


def _data_swapped(here: LogRow, there: LogRow) -> tuple[LogRow, LogRow]:
    return here._replace(data=there.data), there._replace(data=here.data)


def _mark(row: LogRow) -> bytes:
    return leaf_hash(event_leaf(row))[:FINGERPRINT_BYTES]
