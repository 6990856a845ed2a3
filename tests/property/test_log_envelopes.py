"""However the log looks: its envelopes put together are the log, and say what came before."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.eventstore.event_types import context_of
from infra.eventstore.reader import LogRow
from workers import relay
from workers.projector import log_rows
from workers.relay import MAX_BYTES, MAX_EVENTS, envelopes

pytestmark = pytest.mark.property

TAGS = ("contacts.contact_imported.v1", "delivery.email_sent.v1", "billing.invoice_paid.v1")
RUNS = st.tuples(
    st.integers(1, 700),  # events
    st.sampled_from(TAGS),
    st.sampled_from([UUID(int=1), UUID(int=2)]),
    st.sampled_from([1, 3_000, MAX_BYTES // 2, MAX_BYTES, MAX_BYTES + 1]),  # bytes of the last one
    st.integers(1, 3),  # how far apart positions are
)
AT = datetime(2026, 5, 4, tzinfo=UTC)


@st.composite
def logs(draw: st.DrawFn) -> list[LogRow]:
    position, rows = draw(st.integers(0, 10)), []
    for count, tag, workspace, size, apart in draw(st.lists(RUNS, max_size=4)):
        for number in range(count):
            position += apart
            data = bytes(size if number == count - 1 else 600)
            rows.append(
                LogRow(position, workspace, UUID(int=position), 0, UUID(int=0), AT, tag, data)
            )
    return rows


def size_of(rows: Sequence[LogRow]) -> int:
    return sum(len(row.data) for row in rows)


@given(rows=logs(), cuts=st.lists(st.integers(1, 2_000), max_size=3))
def test_envelopes_put_together_are_the_log(rows: list[LogRow], cuts: list[int]) -> None:
    published: dict[str, int] = {}
    ends = [0, *accumulate(cuts), len(rows)]
    pages = [rows[start:end] for start, end in pairwise(ends)]
    found = [envelope for page in pages for envelope in envelopes(page, published)]
    left, before = rows, dict[str, int]()
    for envelope in found:
        run = [row for row in left if row.position <= envelope.last]
        left = left[len(run) :]
        assert run[0].position == envelope.first
        assert run[-1].position == envelope.last
        assert {(row.workspace_id, context_of(row.tag)) for row in run} == {
            (envelope.workspace_id, envelope.context)
        }
        assert len(run) <= MAX_EVENTS
        if size_of(run) > MAX_BYTES:
            assert len(run) == 1, "only one event alone may be too large"
            assert envelope.events == []
        else:
            assert log_rows(envelope, after=0) == run
        assert envelope.previous == before
        before[envelope.context] = envelope.last
    assert left == []
    assert published == before


@given(rows=logs())
def test_no_two_neighbours_could_have_been_one_envelope(rows: list[LogRow]) -> None:
    found = list(relay.envelopes(rows, {}))
    for one, two in pairwise(found):
        first_of_two = next(row for row in rows if row.position == two.first)
        own = [row for row in rows if one.first <= row.position <= one.last]
        assert (
            (one.workspace_id, one.context) != (two.workspace_id, two.context)
            or len(own) == MAX_EVENTS
            or size_of([*own, first_of_two]) > MAX_BYTES
        )
