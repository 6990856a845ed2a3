"""Whatever the bus does to envelopes, a projector ends with the rows that the log leads to."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.contacts.events import Channel, ContactUnsubscribed
from infra.bootstrap import Adapters
from infra.eventstore.batch import EventBatch
from infra.eventstore.event_types import context_of
from infra.eventstore.reader import LogRow
from infra.postgres.tenant_scope import tenant_scope
from projections.registry import PROJECTIONS
from schemas.messages import Envelope
from tests.support.asking import asking
from tests.support.builders import (
    contact_imported,
    email_opened,
    email_sent,
    emails_queued,
    fact,
    workspace_created,
)
from tests.support.touchy_projection import Touchy, checkpoint, installed, live, told, verified
from workers.projector import Projector
from workers.relay import MAX_BYTES, envelopes

pytestmark = [pytest.mark.integration, pytest.mark.property]

PEOPLE = [UUID(int=n) for n in range(1, 5)]


def a_mixed_log(app: Adapters) -> None:
    """Write events of five contexts and two workspaces, one too large, two of a newer release."""
    campaign = uuid4()
    for workspace in (UUID(int=1_001), UUID(int=1_002)):
        app.log.record([fact(workspace_created(workspace))], asking(workspace))
        for number, person in enumerate(PEOPLE):
            came = fact(contact_imported(person, row=number))
            app.log.record([came, fact(emails_queued(campaign, [person]))], asking(workspace))
            app.log.record([fact(email_sent(campaign, person))], asking(workspace))
        hits = [fact(email_opened(campaign, person)) for person in PEOPLE]
        app.log.record(hits, asking(workspace))
        large = replace(contact_imported(uuid4()), fields={"x": "y" * MAX_BYTES})
        app.log.record([fact(large)], asking(workspace))
        newer = EventBatch(
            decisions=False,
            context=asking(workspace),
            stream_ids=[uuid4()],
            versions=[0],
            tags=["billing.invoice_paid.v1"],
            payloads=[b"{}"],
        )
        app.log._recorder.append(newer)
        left = [ContactUnsubscribed(contact_id=p, via=Channel.PAGE) for p in PEOPLE]
        app.log.record([fact(event) for event in left], asking(workspace))


def keys_of(worker: Adapters, rows: Sequence[LogRow]) -> dict[tuple[UUID, UUID], list[int]]:
    """Return what Touchy must have been told: the positions by workspace and key."""
    expected: dict[tuple[UUID, UUID], list[int]] = {}
    for row in rows:
        if context_of(row.tag) in Touchy().contexts:
            event = worker.mapper.decode(row.tag, row.data)
            about = getattr(event, "message_id", getattr(event, "contact_id", row.stream_id))
            key = getattr(event, "campaign_id", None) if "queued" in row.tag else about
            expected.setdefault((row.workspace_id, key or about), []).append(row.position)
    return expected


def rows_of(worker: Adapters) -> dict[tuple[UUID, UUID], list[int]]:
    with worker.pool.connection() as connection:
        rows = connection.execute("SELECT workspace_id, about, told FROM touchy").fetchall()
    return {(workspace, about): positions for workspace, about, positions in rows}


def start_over(worker: Adapters) -> None:
    with worker.pool.connection() as connection:
        connection.execute("DELETE FROM touchy")
        connection.execute("UPDATE projections SET position = 0 WHERE name = 'touchy'")


@pytest.fixture
def log(app: Adapters, worker: Adapters) -> Sequence[LogRow]:
    a_mixed_log(app)
    installed(worker, Touchy())
    return worker.reader.page(0)


def published(rows: Sequence[LogRow], ends: Sequence[int]) -> list[Envelope]:
    """Cut the log into pages at these places, as a relay that was woken then, and publish."""
    sent: list[Envelope] = []
    carried: dict[str, int] = {}
    start = 0
    for end in [*sorted({end % len(rows) for end in ends} - {0}), len(rows)]:
        sent += envelopes(rows[start:end], carried)
        start = end
    return sent


def test_batches_cut_anywhere_doubled_dropped_and_shuffled_lead_to_the_same_rows(
    worker: Adapters, log: Sequence[LogRow]
) -> None:
    everything = keys_of(worker, log)
    seen = {"holes": 0, "doubles": 0}

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(
        ends=st.lists(st.integers(1, 200), max_size=8),
        again=st.lists(st.integers(1, 200), max_size=8),
        order=st.randoms(use_true_random=False),
        fates=st.lists(st.sampled_from(["kept", "kept", "kept", "dropped", "doubled"])),
        window=st.integers(1, 6),
        bus=st.sampled_from(["orderly", "shuffling"]),
    )
    def holds(
        ends: list[int],
        again: list[int],
        order: random.Random,
        fates: list[str],
        window: int,
        bus: str,
    ) -> None:
        start_over(worker)
        arriving: list[Envelope] = []
        # A second relay tells part of the log again, cut elsewhere: envelopes overlap.
        sent = [*published(log, ends), *published(log, again)] if again else published(log, ends)
        sent.sort(key=lambda envelope: envelope.last)
        for number, envelope in enumerate(sent):
            fate = fates[number % len(fates)] if fates else "kept"
            arriving += {"kept": [envelope], "dropped": [], "doubled": [envelope] * 2}[fate]
            seen["holes"] += fate == "dropped"
            seen["doubles"] += fate == "doubled"
        windows = [arriving[at : at + window] for at in range(0, len(arriving), window)]
        with live(worker, Touchy()) as following:
            for each in windows:
                if bus == "shuffling":
                    order.shuffle(each)
                following.take(each)
                upto = [row for row in log if row.position <= following.position]
                assert rows_of(worker) == keys_of(worker, upto), "nothing missed, nothing twice"
            following.read_log()  # what a silent bus leads to
        assert rows_of(worker) == everything
        assert checkpoint(worker)[1] == log[-1].position

    holds()
    assert seen["holes"]
    assert seen["doubles"], "the bus was too well-behaved to prove anything"


Fate = Callable[[list[Envelope]], list[list[Envelope]]]
FATES: dict[str, Fate] = {
    "as published": lambda sent: [sent],
    "one by one": lambda sent: [[envelope] for envelope in sent],
    "each twice": lambda sent: [[envelope, envelope] for envelope in sent],
    "all again": lambda sent: [sent, sent],
    "backwards": lambda sent: [list(reversed(sent))],
    "the last alone": lambda sent: [sent[-1:]],
    "every second dropped": lambda sent: [sent[1::2]],
    "nothing": lambda _: [],
}


@pytest.fixture
def projector(worker: Adapters) -> Iterator[Projector]:
    made = Projector(worker, PROJECTIONS.values())
    yield made
    asyncio.run(made.close())


def test_every_read_model_stands_whatever_the_bus_did(
    app: Adapters, worker: Adapters, log: Sequence[LogRow], projector: Projector
) -> None:
    """One life of the bus after the other, over a log that grows in between."""
    carried = dict[str, int]()
    start = 0
    page: Sequence[LogRow] = log
    for fate in FATES.values():
        for window in fate(list(envelopes(page, carried))):
            projector.feed(window)
        start = page[-1].position
        a_mixed_log(app)
        page = worker.reader.page(start)
    projector.feed([])
    for name, projection in PROJECTIONS.items():
        found = verified(worker, projection)
        assert found.ok, (name, found)
        assert checkpoint(worker, name)[1] == worker.reader.horizon()
    with tenant_scope(app.pool, UUID(int=1_001)) as cursor:
        opens = cursor.execute("SELECT sum(opens), sum(sent), count(*) FROM campaign_stats")
        lives = len(FATES) + 1
        assert opens.fetchall() == [(4 * lives, 4 * lives, lives)]


def test_a_foreign_context_moves_the_checkpoint_of_nobody_backwards(
    worker: Adapters, log: Sequence[LogRow]
) -> None:
    with live(worker, Touchy(contexts=frozenset({"tenancy"}))) as following:
        for envelope in envelopes(log, {}):
            before = following.position
            following.take([envelope])
            assert following.position == max(before, envelope.last)
        following.read_log()
    assert checkpoint(worker) == (1, log[-1].position)
    assert len(told(worker)) == 2, "one founding a workspace"
