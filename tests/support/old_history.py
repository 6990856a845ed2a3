"""Facts of months that are over, among decisions and facts of today, and their archive."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from msgspec.structs import replace

from domain.engagement.events import LinkClicked
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from domain.tenancy.decider import WORKSPACE
from infra.bootstrap import Adapters
from infra.eventstore.archiving import Archived, Archiver, months_over
from infra.eventstore.reader import LogRow
from infra.postgres.connections import Role
from tests.support.asking import asking
from tests.support.builders import (
    contact_imported,
    email_opened,
    email_sent,
    emails_queued,
    fact,
    message_of,
    workspace_created,
)

THIS_MONTH = datetime.now(UTC).date().replace(day=1)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)
MONTH_BEFORE = (LAST_MONTH - timedelta(days=1)).replace(day=1)
OLD_MONTHS = (MONTH_BEFORE, LAST_MONTH)


def a_campaign(campaign_id: UUID, people: int = 30) -> list[Fact]:
    """Everybody is imported, queued and sent to; a third opens, half of those click."""
    contacts = [derive_id(1, campaign_id.bytes, bytes([n])) for n in range(people)]
    told = [contact_imported(c, row=n) for n, c in enumerate(contacts)]
    told += [emails_queued(campaign_id, contacts)]
    told += [email_sent(campaign_id, c) for c in contacts]
    told += [email_opened(campaign_id, c) for c in contacts[::3]]
    told += [
        LinkClicked(
            message_id=message_of(campaign_id, c), campaign_id=campaign_id, contact_id=c, link=1
        )
        for c in contacts[::6]
    ]
    return [fact(event) for event in told]


def mixed_history(app: Adapters, workspace_id: UUID) -> list[Fact]:
    """Record facts of two old months among decisions and facts of today; return the old ones."""
    app.log.decide(
        WORKSPACE,
        workspace_id,
        lambda _: [workspace_created(workspace_id)],
        asking(workspace_id),
    )
    old = aged(a_campaign(uuid4()), OLD_MONTHS)
    new = aged(a_campaign(uuid4()), [THIS_MONTH])
    for start in range(0, len(old), 20):
        app.log.record(old[start : start + 20], asking(workspace_id))
        app.log.record(new[start : start + 20], asking(workspace_id))
    return old


def name_of(month: date) -> str:
    return f"{month:%Y_%m}"


def aged(facts: Sequence[Fact], months: Sequence[date]) -> list[Fact]:
    """Give the facts ids of these months in turn; the same facts get the same ids again."""
    middle = timedelta(days=14)
    return [
        replace(
            fact,
            fact_id=derive_id(
                int(datetime.combine(months[at % len(months)] + middle, datetime.min.time(), UTC)
                    .timestamp() * 1000),
                fact.fact_id.bytes,
            ),
        )
        for at, fact in enumerate(facts)
    ]  # fmt: skip


def make_partition(adapters: Adapters, month: date) -> None:
    """Make a month's partition as an installation of that time has it."""
    partition = f"events_facts_{name_of(month)}"
    after = (month + timedelta(days=32)).replace(day=1)
    with adapters.connection(Role.MIGRATOR) as owner:
        floor, ceiling = owner.execute(
            "SELECT uuid_floor(%s), uuid_floor(%s)", (month, after)
        ).fetchone() or (None, None)
        made = f"""
            CREATE TABLE {partition} PARTITION OF events_facts
                FOR VALUES FROM ('{floor}') TO ('{ceiling}');
            ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {partition}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """
        owner.execute(made.encode())


@contextmanager
def archiver(adapters: Adapters, directory: Path | None = None) -> Iterator[Archiver]:
    with (
        adapters.connection(Role.MIGRATOR, bounded=False) as owner,
        adapters.connection(Role.WORKER, bounded=False) as reader,
    ):
        yield Archiver(directory or adapters.settings.archive_dir, owner=owner, worker=reader)


def archive_everything_old(adapters: Adapters) -> list[Archived]:
    with archiver(adapters) as at_work:
        done = [at_work.archive(month) for month, _ in months_over(adapters.pool, by=THIS_MONTH)]
    return [archived for archived in done if archived]


def whole_log(adapters: Adapters, *, limit: int = 37) -> list[LogRow]:
    """Read everything in pages that end anywhere."""
    return [row for page in adapters.reader.pages(0, limit=limit) for row in page]


def live_facts(url: str, month: date) -> int:
    """Count what is left in the partition itself, as the superuser sees it."""
    with psycopg.connect(url) as admin:
        row = admin.execute(f"SELECT count(*) FROM events_facts_{name_of(month)}".encode())
        return int((row.fetchone() or (-1,))[0])


def ids_of(rows: Sequence[LogRow]) -> set[UUID]:
    return {row.stream_id for row in rows}
