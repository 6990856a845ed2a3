"""Cursors: one list, one filter, one workspace; no page is lost or told twice."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.edge.paging import Page
from read_api.edge.refusals import RefusalError

KEY = b"k" * 32


class Row(msgspec.Struct, frozen=True):
    name: str
    number: int


def page(cursor: str | None, *, limit: int = 2, bound_to: bytes = b"here") -> Page:
    return Page(KEY, bound_to=bound_to, limit=limit, cursor=cursor)


@given(st.sets(st.tuples(st.text(), st.integers(0, 2**63 - 1))), st.integers(1, 7))
def test_pages_join_to_the_whole_list(keys: set[tuple[str, int]], limit: int) -> None:
    rows = [Row(name, number) for name, number in sorted(keys)]
    seen: list[Row] = []
    cursor: str | None = None
    while True:
        current = page(cursor, limit=limit)
        after = tuple(current.start(["", -1]))
        found = [row for row in rows if (row.name, row.number) > after][: current.fetch]
        items, cursor = current.finish(found, "name", "number")
        seen += items
        if cursor is None:
            break
    assert seen == rows


def test_a_cursor_is_refused_elsewhere_and_when_it_was_changed() -> None:
    _, cursor = page(None, limit=1).finish([Row("a", 1), Row("b", 2)], "name")
    assert cursor is not None
    assert page(cursor).start([""]) == ["a"]
    with pytest.raises(RefusalError, match="another list"):
        page(cursor, bound_to=b"there").start([""])
    for at in range(len(cursor) - 1):  # the last character may carry spare bits
        forged = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        with pytest.raises(RefusalError):
            page(forged).start([""])


@given(st.text(max_size=100))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with pytest.raises(RefusalError):
        page(text).start([""])
