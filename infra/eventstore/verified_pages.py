"""Every row of the log in pages, also those that honest readers never meet."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.commit_rows import CommitRow, commits_of
from infra.eventstore.leaves import Leaf, leaves_of
from infra.eventstore.reader import PAGE, LogRow, read_page

MANY = 2**31
LOWEST = -(2**63)  # no writer draws a position below 1, but somebody may put a row there


class LeafPage(NamedTuple):
    """Leaves in order with their rows, and the position up to which they are complete."""

    leaves: Sequence[tuple[Leaf, LogRow | CommitRow]]
    upto: int
    unreadable: int | None = None  # the next position, whose row no driver can read


def leaf_pages(connection: Connection[TupleRow], after: int, upto: int) -> Iterator[LeafPage]:
    """Yield all leaves above `after`, up to `upto`; rows that share a position stay together."""
    while after < upto:
        page = _page(connection, after, upto)
        yield page
        after = page.upto if page.unreadable is None else page.unreadable


def _page(connection: Connection[TupleRow], after: int, upto: int) -> LeafPage:
    try:
        return _read(connection, after, upto)
    except psycopg.DataError:
        bad = _first_unreadable(connection, after, upto)
        return LeafPage(_read(connection, after, bad - 1).leaves, bad - 1, unreadable=bad)


def _read(connection: Connection[TupleRow], after: int, upto: int) -> LeafPage:
    rows, end = read_page(connection, after, upto=upto, limit=PAGE), upto
    if len(rows) == PAGE:
        # Two rows can have one position when somebody put one there: the page may cut them apart.
        end = max(rows[-1].position - 1, rows[0].position)
        rows = [row for row in rows if row.position <= end]
    if len(rows) == PAGE:
        rows = read_page(connection, after, upto=end, limit=MANY)
    return LeafPage(list(leaves_of(rows, commits_of(connection, rows))), end)


def _first_unreadable(connection: Connection[TupleRow], after: int, upto: int) -> int:
    """Return the lowest position up to which reading fails (a time that no calendar has)."""
    low, high = after, upto
    while low + 1 < high:
        middle = (low + high) // 2
        try:
            _read(connection, after, middle)
        except psycopg.DataError:
            high = middle
        else:
            low = middle
    return high
