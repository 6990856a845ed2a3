"""How a page of the log is cut into envelopes."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest

from infra.eventstore.reader import LogRow
from schemas.messages import MESSAGE_ID, Envelope, parse_envelope
from workers.projector import log_rows
from workers.relay import MAX_BYTES, MAX_EVENTS, envelopes

ACME, BUNK = UUID(int=1), UUID(int=2)
SENT, OPENED = "delivery.email_sent.v1", "engagement.email_opened.v1"


def row(position: int, *, tag: str = SENT, workspace: UUID = ACME, data: bytes = b"{}") -> LogRow:
    return LogRow(
        position, workspace, uuid4(), 0, uuid4(), datetime(2026, 5, 4, tzinfo=UTC), tag, data
    )


def cut(*rows: LogRow, published: dict[str, int] | None = None) -> list[Envelope]:
    return list(envelopes(rows, {} if published is None else published))


def spans(found: list[Envelope]) -> list[tuple[int, int]]:
    return [(envelope.first, envelope.last) for envelope in found]


def test_a_run_is_one_envelope_even_with_holes_in_the_positions() -> None:
    (envelope,) = cut(row(3), row(4), row(9))
    assert (envelope.first, envelope.last) == (3, 9)
    assert [event[0] for event in envelope.events] == [3, 4, 9]
    assert envelope.subject == f"events.{ACME}.delivery"


def test_no_rows_make_no_envelope() -> None:
    assert cut() == []


def test_another_workspace_or_context_begins_another_envelope() -> None:
    found = cut(row(1), row(2, workspace=BUNK), row(3, workspace=BUNK, tag=OPENED), row(4))
    assert spans(found) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [(e.workspace_id, e.context) for e in found] == [
        (ACME, "delivery"),
        (BUNK, "delivery"),
        (BUNK, "engagement"),
        (ACME, "delivery"),
    ]


def test_an_envelope_holds_at_most_500_events() -> None:
    assert MAX_EVENTS == 500
    assert spans(cut(*(row(n) for n in range(1, 502)))) == [(1, 500), (501, 501)]


def test_an_envelope_holds_at_most_256_kib() -> None:
    half = bytes(MAX_BYTES // 2)
    assert spans(cut(row(1, data=half), row(2, data=half), row(3, data=b"x"))) == [(1, 2), (3, 3)]


def test_an_event_above_the_limit_travels_as_an_empty_envelope_of_its_own() -> None:
    found = cut(row(1), row(2, data=bytes(MAX_BYTES + 1)), row(3))
    assert spans(found) == [(1, 1), (2, 2), (3, 3)]
    assert [len(envelope.events) for envelope in found] == [1, 0, 1]


def test_an_event_of_exactly_the_limit_travels_whole() -> None:
    (envelope,) = cut(row(1, data=bytes(MAX_BYTES)))
    assert len(envelope.events) == 1


def test_each_envelope_tells_what_was_published_before_it_and_the_map_is_carried_on() -> None:
    published = {"contacts": 5}
    found = cut(row(7), row(8, tag=OPENED), row(9), published=published)
    assert [envelope.previous for envelope in found] == [
        {"contacts": 5},
        {"contacts": 5, "delivery": 7},
        {"contacts": 5, "delivery": 7, "engagement": 8},
    ]
    assert published == {"contacts": 5, "delivery": 9, "engagement": 8}


def test_an_envelope_survives_the_wire() -> None:
    rows = [row(7, data=b'{"a":1}'), row(9)]
    (envelope,) = cut(*rows, published={"contacts": 5, "delivery": 6})
    arrived = parse_envelope(envelope.subject, envelope.headers(), envelope.body())
    assert arrived == envelope
    assert log_rows(arrived, after=0) == rows
    assert log_rows(arrived, after=7) == rows[1:], "what was seen before is left out"
    assert envelope.headers()[MESSAGE_ID] == "7"


def test_nothing_published_before_is_an_empty_header() -> None:
    (envelope,) = cut(row(1))
    assert parse_envelope(envelope.subject, envelope.headers(), envelope.body()).previous == {}


@pytest.mark.parametrize(
    ("subject", "without", "body"),
    [
        ("events.only-two", "", b"\x90"),
        (f"events.{ACME}.delivery", "Engine-First", b"\x90"),
        (f"events.{ACME}.delivery", "", b"\xc1"),
        ("events.no-uuid.delivery", "", b"\x90"),
    ],
)
def test_garbage_on_the_bus_is_an_error_and_not_an_envelope(
    subject: str, without: str, body: bytes
) -> None:
    headers = {k: v for k, v in cut(row(1))[0].headers().items() if k != without}
    with pytest.raises((KeyError, ValueError, msgspec.DecodeError)):
        parse_envelope(subject, headers, body)
