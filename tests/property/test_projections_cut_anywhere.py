"""A read model depends on what happened, not on where the batches were cut.

Real PostgreSQL: the folding is half in memory, half in SQL, and both halves must agree.
"""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from domain.contacts.events import (
    Channel,
    ContactDeleted,
    ContactImported,
    ContactRestored,
    ContactSuppressed,
    ContactUnsubscribed,
    SuppressionReason,
)
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
    HandoverStarted,
    SkipReason,
)
from domain.delivery.outcome_events import (
    EmailDiscarded,
    EmailRedriven,
    Resolution,
    UncertainResolved,
)
from domain.engagement.events import EmailOpened, LinkClicked
from domain.privacy.events import ContactAnonymized, EngagementForgotten
from domain.shared.model import Event
from infra.bootstrap import Adapters
from infra.eventstore.event_types import personal_fields
from infra.postgres.connections import Role
from projections.projection import Projection, RecordedEvent
from projections.registry import PROJECTIONS
from tests.support.builders import CAMPAIGN_ID, email_sent, emails_queued, message_of

pytestmark = [pytest.mark.property, pytest.mark.integration]

WORKSPACE = UUID(int=7)
AT = datetime(2026, 5, 4, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)


def of_message(kind: type[Event], person: UUID, **fields: object) -> Event:
    made: Event = kind(
        message_id=message_of(CAMPAIGN_ID, person),
        campaign_id=CAMPAIGN_ID,
        contact_id=person,
        **fields,
    )
    return made


def handed_over(person: UUID, *, relay: str) -> Event:
    packed = base64.b64encode(message_of(CAMPAIGN_ID, person).bytes).decode()
    return HandoverStarted(relay=relay, messages=packed)


def refused(kind: type[Event], person: UUID, attempt: int, relay: str, **more: object) -> Event:
    return of_message(
        kind, person, attempt=attempt, relay=relay, code=451, status="4.7.1",
        reply=f"451 at {attempt}", **more,
    )  # fmt: skip


@st.composite
def lives(draw: st.DrawFn, person: UUID) -> list[Event]:
    """What can happen to one person and one message, in an order in which it can happen."""
    relays = st.sampled_from(["a.example", "b.example"])
    life: list[Event] = [
        ContactImported(contact_id=person, import_id=CAMPAIGN_ID, row=1, email="x@example.com"),
        emails_queued(CAMPAIGN_ID, [person]),
    ]
    attempts = draw(st.integers(0, 2))
    for attempt in range(1, attempts + 1):
        relay = draw(relays)
        life.append(handed_over(person, relay=relay))
        life.append(refused(EmailDeferred, person, attempt, relay, retry_at_ms=1))
    end = draw(st.sampled_from(["queued", "skipped", "sent", "failed", "bounced", "uncertain"]))
    last, relay = attempts + 1, draw(relays)
    if end not in {"queued", "skipped"}:
        life.append(handed_over(person, relay=relay))
    life += {
        "queued": [],
        "skipped": [of_message(EmailSkipped, person, reason=SkipReason.UNSUBSCRIBED)],
        "sent": [email_sent(CAMPAIGN_ID, person)],
        "failed": [refused(EmailFailed, person, last, relay, reason="gave up")],
        "bounced": [refused(EmailBounced, person, last, relay)],
        "uncertain": [
            of_message(EmailUncertain, person, attempt=last, relay=relay, reason="silence")
        ],
    }[end]
    life += draw(afterwards(person, end, last, relay))
    opened = of_message(EmailOpened, person, ip="198.51.100.0")
    clicked = of_message(LinkClicked, person, link=0)
    if end in {"sent", "uncertain"}:
        life += draw(st.lists(st.sampled_from([opened, clicked]), max_size=3))
    left = ContactUnsubscribed(contact_id=person, via=Channel.PAGE, campaign_id=CAMPAIGN_ID)
    stopped = ContactSuppressed(
        contact_id=person, reason=SuppressionReason.HARD_BOUNCE, detail="5.1.1"
    )
    life += draw(st.lists(st.sampled_from([left, stopped]), unique=True, max_size=2))
    gone = ContactDeleted(contact_id=person, restorable_until=AT)
    life += draw(st.lists(st.sampled_from([gone, ContactRestored(contact_id=person)]), max_size=3))
    if draw(st.booleans()):
        at = draw(st.integers(1, len(life)))
        life.insert(
            at, EngagementForgotten(before=AT + timedelta(seconds=draw(st.integers(0, 20))))
        )
    if draw(st.booleans()):  # erased: what is recorded of the person afterwards says nothing
        at = draw(st.integers(1, len(life)))
        life[at:] = [ContactAnonymized(contact_id=person), *map(impersonal, life[at:])]
    return life


@st.composite
def afterwards(draw: st.DrawFn, person: UUID, end: str, last: int, relay: str) -> list[Event]:
    """What people decide about a message that is over, and what comes of it."""
    settled = {"attempt": last, "reason": "asked"}
    if end == "failed":
        discarded = of_message(EmailDiscarded, person, **settled)
        again = [
            of_message(EmailRedriven, person, **settled),
            handed_over(person, relay=relay),
            refused(EmailDeferred, person, last + 1, relay, retry_at_ms=1),
        ]
        return draw(st.sampled_from([[], [discarded], again, again[:1], again[:2]]))
    if end == "uncertain":
        resolution = draw(st.sampled_from([None, *Resolution]))
        if resolution:
            return [of_message(UncertainResolved, person, resolution=resolution, **settled)]
    return []


def impersonal(event: Event) -> Event:
    """What a fold sees of an event once the key is gone."""
    return replace(event, **dict.fromkeys(personal_fields(type(event))))


@st.composite
def histories(draw: st.DrawFn) -> list[RecordedEvent]:
    """Two lives, their events mixed."""
    queues = [draw(lives(ANN)), draw(lives(BOB))]
    events = []
    while any(queues):
        queue = draw(st.sampled_from([q for q in queues if q]))
        events.append(queue.pop(0))
    return [
        RecordedEvent(
            position, WORKSPACE, UUID(int=position), WORKSPACE, AT + timedelta(seconds=position),
            event,
        )
        for position, event in enumerate(events, 1)
    ]  # fmt: skip


NAMES = (
    "contact_list", "suppression_list", "consent_history", "message_ledger", "campaign_stats",
    "sender_health",
    "audit",
)  # fmt: skip


@pytest.fixture
def connection(worker: Adapters) -> Iterator[Connection[TupleRow]]:
    """A worker's connection whose transactions leave nothing behind."""
    with worker.connection(Role.WORKER) as made:
        yield made


def fold(
    connection: Connection[TupleRow], projection: Projection, batches: Sequence[list[RecordedEvent]]
) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table after these batches, from empty tables."""
    tables = projection.tables
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('app.workspace', %s, true)", (str(WORKSPACE),))
        connection.execute(
            "INSERT INTO commits (workspace_id, command_id, actor, correlation_id, event_count,"
            " first_position, last_position, digest)"
            " VALUES (%(w)s, %(w)s, 'x', %(w)s, 1, 1, 1, '')",
            {"w": WORKSPACE},
        )
        for batch in batches:
            if batch:
                projection.apply(batch, connection.cursor())
        return {
            table.name: connection.execute(
                sql.SQL("SELECT t.* FROM {} t ORDER BY t").format(sql.Identifier(table.name))
            ).fetchall()
            for table in tables
        }


def test_batches_cut_anywhere_give_the_same_rows(connection: Connection[TupleRow]) -> None:
    seen = set[str]()

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(history=histories(), cuts=st.sets(st.integers(1, 30), max_size=6))
    def holds(history: list[RecordedEvent], cuts: set[int]) -> None:
        ends = [0, *sorted(cut for cut in cuts if cut < len(history)), len(history)]
        batches = [history[start:end] for start, end in pairwise(ends)]
        for name in NAMES:
            projection = PROJECTIONS[name]
            mine = [
                [e for e in batch if e.event.TAG.split(".")[0] in projection.contexts]
                for batch in batches
            ]
            whole = [event for batch in mine for event in batch]
            cut, uncut, single = (
                fold(connection, projection, way) for way in (mine, [whole], [[e] for e in whole])
            )
            assert cut == uncut
            assert single == uncut
            seen.update(name for name, rows in uncut.items() if rows)

    holds()
    assert len(seen) == 12, "every table had rows"


def test_folding_without_the_keys_of_the_erased_gives_the_same_rows(
    connection: Connection[TupleRow],
) -> None:
    """Live, a model saw the personal fields and was scrubbed; a rebuild never sees them."""

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(history=histories())
    def holds(history: list[RecordedEvent]) -> None:
        erased = {e.event.contact_id for e in history if isinstance(e.event, ContactAnonymized)}
        rebuilt = [
            replace(e, event=impersonal(e.event))
            if getattr(e.event, "contact_id", None) in erased
            else e
            for e in history
        ]
        for name in NAMES:
            contexts = PROJECTIONS[name].contexts
            live, again = (
                [e for e in way if e.event.TAG.split(".")[0] in contexts]
                for way in (history, rebuilt)
            )
            assert fold(connection, PROJECTIONS[name], [live]) == fold(
                connection, PROJECTIONS[name], [again]
            )

    holds()


def test_a_message_that_waits_is_told_of_its_last_attempt_when_it_is_skipped(
    connection: Connection[TupleRow],
) -> None:
    """Found by the property: in one batch, the skip had wiped out attempt, relay and reply."""
    events = [
        emails_queued(CAMPAIGN_ID, [ANN]),
        refused(EmailDeferred, ANN, 1, "a.example", retry_at_ms=1),
        of_message(EmailSkipped, ANN, reason=SkipReason.UNSUBSCRIBED),
    ]
    history = [
        RecordedEvent(n, WORKSPACE, UUID(int=n), WORKSPACE, AT, event)
        for n, event in enumerate(events, 1)
    ]
    ((row),) = fold(connection, PROJECTIONS["message_ledger"], [history])["messages"]
    assert {"skipped", "unsubscribed", 1, "a.example", "451 at 1"} <= set(row)


def test_the_sent_reply_is_kept_when_the_message_is_opened(
    connection: Connection[TupleRow],
) -> None:
    sent = email_sent(CAMPAIGN_ID, ANN)
    assert isinstance(sent, EmailSent)
    history = [
        RecordedEvent(n, WORKSPACE, UUID(int=n), WORKSPACE, AT, event)
        for n, event in enumerate(
            [emails_queued(CAMPAIGN_ID, [ANN]), sent, of_message(EmailOpened, ANN)], 1
        )
    ]
    for batches in ([history], [[e] for e in history]):
        (row,) = fold(connection, PROJECTIONS["message_ledger"], batches)["messages"]
        assert {"sent", "250 ok", "relay.example"} <= set(row)
