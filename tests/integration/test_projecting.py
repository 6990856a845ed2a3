"""Read models: live from JetStream, from the log alone, rebuilt beside, verified."""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.contacts.events import Channel, ContactImported, ContactUnsubscribed
from domain.delivery.events import EmailSent, EmailsQueued
from domain.engagement.events import EmailOpened
from domain.shared.ids import derive_id
from domain.shared.message_id import message_id
from domain.shared.model import Event, Fact
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.postgres.connections import Role
from infra.postgres.tenant_scope import tenant_scope
from infra.projecting.rebuild import Shadow, rebuild
from infra.projecting.verify import Verified, verify
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import contact_imported
from workers import projector, relay
from workers.runtime import Stop

pytestmark = pytest.mark.integration

NOW_MS = 1_780_000_000_000


def fact(event: Event) -> Fact:
    return Fact(derive_id(NOW_MS, uuid4().bytes), event)


def a_small_history(workspace: UUID, campaign: UUID, size: int = 40) -> list[Fact]:
    contacts = [derive_id(NOW_MS, workspace.bytes, bytes([n])) for n in range(size)]
    messages = [
        message_id(campaign_id=campaign, contact_id=c, launched_at_ms=NOW_MS) for c in contacts
    ]
    facts = [
        fact(ContactImported(contact_id=c, import_id=campaign, row=n, email=f"p{n}@example.com"))
        for n, c in enumerate(contacts)
    ]
    packed = base64.b64encode(b"".join(c.bytes for c in contacts)).decode()
    facts.append(fact(EmailsQueued(campaign_id=campaign, launched_at_ms=NOW_MS, recipients=packed)))
    for c, m in zip(contacts, messages, strict=True):
        facts.append(
            fact(
                EmailSent(
                    message_id=m,
                    campaign_id=campaign,
                    contact_id=c,
                    attempt=1,
                    relay="r",
                    reply="250 ok",
                )
            )
        )
    for c, m in list(zip(contacts, messages, strict=True))[:10]:
        facts.append(fact(EmailOpened(message_id=m, campaign_id=campaign, contact_id=c)))
        facts.append(fact(EmailOpened(message_id=m, campaign_id=campaign, contact_id=c)))
    facts.append(
        fact(ContactUnsubscribed(contact_id=contacts[0], via=Channel.PAGE, campaign_id=campaign))
    )
    return facts


def check_read_models(app: Adapters, workspace: UUID) -> None:
    with tenant_scope(app.pool, workspace) as cursor:
        stats = cursor.execute(
            "SELECT queued, sent, opens, opened, unsubscribed FROM campaign_stats"
        ).fetchall()
        assert stats == [(40, 40, 20, 10, 1)]
        ledger = cursor.execute(
            "SELECT status, count(*), count(opened_at), count(reply) FROM messages GROUP BY 1"
        ).fetchall()
        assert ledger == [("sent", 40, 10, 40)]
        contacts = cursor.execute(
            "SELECT status, count(*), count(email) FROM contacts GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert contacts == [("subscribed", 39, 39), ("unsubscribed", 1, 1)]
        assert cursor.execute("SELECT count(*) FROM suppressions").fetchone() == (1,)
        audit = cursor.execute("SELECT sum(events) FROM audit_log").fetchone()
        assert audit == (102,)


def verified(adapters: Adapters, name: str) -> Verified:
    with (
        adapters.connection(Role.MIGRATOR, bounded=False) as owner,
        adapters.connection(Role.WORKER, bounded=False) as shadow_worker,
        adapters.connection(Role.WORKER, bounded=False) as live,
    ):
        shadow = Shadow(PROJECTIONS[name], adapters.mapper, owner=owner, worker=shadow_worker)
        return verify(shadow, live)


def project_from_the_log(worker: Adapters) -> None:
    live = projector.Projector(worker, PROJECTIONS.values())
    live.feed([])
    asyncio.run(live.close())


def test_projections_follow_the_log_without_nats(app: Adapters, worker: Adapters) -> None:
    workspace, campaign = uuid4(), uuid4()
    app.log.record(a_small_history(workspace, campaign), asking(workspace))
    project_from_the_log(worker)
    check_read_models(app, workspace)
    for name in PROJECTIONS:
        assert verified(worker, name).ok, name


def test_a_rebuild_gives_the_same_rows(app: Adapters, worker: Adapters) -> None:
    workspace, campaign = uuid4(), uuid4()
    app.log.record(a_small_history(workspace, campaign), asking(workspace))
    project_from_the_log(worker)
    for name in PROJECTIONS:
        rebuilt(worker, name)
        assert verified(worker, name).ok, name
    check_read_models(app, workspace)


def test_a_contact_told_of_twice_is_one_row_live_and_rebuilt(
    app: Adapters, worker: Adapters
) -> None:
    workspace, person = uuid4(), uuid4()
    for email, fields in (("old@example.com", {}), ("new@example.com", {"Näme": 'ü"\n'})):
        told = replace(contact_imported(person), email=email, fields=fields)
        app.log.record([fact(contact_imported(uuid4())), fact(told)], asking(workspace))
        project_from_the_log(worker)
    expected = [("new@example.com", {"Näme": 'ü"\n'}, 2)]
    assert row_of(app, workspace, person) == expected
    rebuilt(worker, "contact_list")
    assert row_of(app, workspace, person) == expected
    assert verified(worker, "contact_list").ok


def row_of(app: Adapters, workspace: UUID, person: UUID) -> list[tuple[Any, ...]]:
    with tenant_scope(app.pool, workspace) as cursor:
        return cursor.execute(
            "SELECT email, fields, added_position FROM contacts WHERE contact_id = %s", (person,)
        ).fetchall()


def rebuilt(worker: Adapters, name: str) -> None:
    with (
        worker.connection(Role.MIGRATOR, bounded=False) as owner,
        worker.connection(Role.WORKER, bounded=False) as filler,
    ):
        rebuild(Shadow(PROJECTIONS[name], worker.mapper, owner=owner, worker=filler))


def test_verify_names_a_row_that_the_log_does_not_explain(app: Adapters, worker: Adapters) -> None:
    workspace, campaign = uuid4(), uuid4()
    app.log.record(a_small_history(workspace, campaign), asking(workspace))
    project_from_the_log(worker)
    with worker.pool.connection() as connection:
        connection.execute("UPDATE campaign_stats SET sent = sent + 1")
    found = verified(worker, "campaign_stats")
    assert not found.ok
    assert found.differences == 2
    assert str(campaign) in found.samples[0]


def eventually(holds: Callable[[], bool], *, within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


async def test_events_travel_through_jetstream(
    settings: Settings, app: Adapters, nats_server: EmbeddedNats
) -> None:
    with_nats = replace(settings, nats_url=nats_server.url())
    adapters = Adapters(with_nats, role=Role.WORKER, name="street")
    stop = Stop()
    workspace, campaign = uuid4(), uuid4()
    tasks = [
        asyncio.create_task(relay.run(adapters, stop)),
        asyncio.create_task(projector.run(adapters, stop)),
    ]
    try:
        position = await asyncio.to_thread(
            app.log.record, a_small_history(workspace, campaign), asking(workspace)
        )

        def arrived() -> bool:
            with adapters.pool.connection() as connection:
                rows = connection.execute("SELECT min(position) FROM projections").fetchone()
                cursor = connection.execute("SELECT position FROM relay_cursor").fetchone()
            return bool(rows and rows[0] >= position and cursor and cursor[0] >= position)

        await asyncio.to_thread(eventually, arrived)
        await asyncio.to_thread(check_read_models, app, workspace)
    finally:
        stop.set()
        await asyncio.gather(*tasks)
        await asyncio.to_thread(adapters.close)
