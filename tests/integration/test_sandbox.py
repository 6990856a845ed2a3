"""Whatever a test key sends reaches the sandbox alone; two counting sinks are the witnesses."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from commands.developer.issue_api_key import IssueApiKey, issue_api_key
from commands.developer.secret import Secret
from domain.delivery.events import EmailSent, EmailUncertain
from domain.developer.scopes import USUAL, Grant
from domain.shared.message_id import message_id
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.tokens import new_token
from infra.postgres.api_tokens import PostgresApiTokens
from infra.postgres.connections import Role
from infra.settings import SandboxSettings, Settings
from read_api.app import create_app
from tests.support.asking import asking
from tests.support.cli import until
from tests.support.counting_sink import RunningSink, counting_sink
from tests.support.sending import Mailing
from tests.support.system_mail import queue, reset_mail, waiting
from workers import dispatcher
from workers.runtime import Stop

pytestmark = pytest.mark.integration
PEOPLE = ["ann@example.com", "bob@example.com"]


class Stage(msgspec.Struct):
    """A workspace, an API with a sandbox behind it, a key of each kind, and both sinks."""

    mailing: Mailing
    client: httpx.Client
    live: str
    test: str
    relay: RunningSink
    sandbox: RunningSink

    def ask(self, key: str, verb: str, campaign: UUID, **body: object) -> httpx.Response:
        return self.client.post(
            f"/v1/campaigns/{campaign}/{verb}",
            json=body or None,
            headers={"Authorization": f"Bearer {key}"},
        )


@pytest.fixture
def stage(settings: Settings) -> Iterator[Stage]:
    with counting_sink() as relay, counting_sink() as sandbox:
        smtp = msgspec.structs.replace(settings.smtp, port=relay.port)
        own = msgspec.structs.replace(
            settings, smtp=smtp, sandbox=SandboxSettings("127.0.0.1", sandbox.port)
        )
        with adapters(own) as (app, worker), TestClient(create_app(app)) as client:
            mailing = Mailing(app, worker)
            mailing.add_contacts(PEOPLE)
            mailing.project()
            live, test = (key_of(mailing, test=kind) for kind in (False, True))
            yield Stage(mailing, client, live, test, relay, sandbox)


@contextmanager
def adapters(settings: Settings) -> Iterator[tuple[Adapters, Adapters]]:
    made = (
        Adapters(settings, role=Role.APP, name="app"),
        Adapters(settings, role=Role.WORKER, name="worker"),
    )
    yield made
    for one in made:
        one.close()


def key_of(mailing: Mailing, *, test: bool) -> str:
    secret = Secret(new_token(test=test))
    grant = Grant(scopes=tuple(USUAL), test=test)
    command = IssueApiKey(
        token_id=new_id(), name="k", secret=secret, grant=grant, permissions=USUAL
    )
    issue_api_key(command, asking(mailing.workspace), mailing.app.log, PostgresApiTokens())
    return secret.text


def dispatch(stage: Stage) -> None:
    """Run the dispatcher as its process does, until nothing is due."""
    stop = Stop()
    running = Thread(target=lambda: asyncio.run(dispatcher.run(stage.mailing.worker, stop)))
    running.start()
    try:
        until(lambda: stage.mailing.tasks() == 0 and waiting(stage.mailing.worker) == 0)
    finally:
        stop.set()
        running.join()


def messages_of(mailing: Mailing, campaign: UUID) -> set[str]:
    ((launched_at_ms,),) = mailing.ask(
        "SELECT launched_at_ms FROM campaign_runs WHERE campaign_id = %s", campaign
    )
    contacts = mailing.ask("SELECT contact_id FROM contacts")
    return {
        message_id(campaign_id=campaign, contact_id=row[0], launched_at_ms=launched_at_ms).hex
        for row in contacts
    }


def accepted(sink: RunningSink) -> set[str]:
    return {name.strip("<>").partition("@")[0] for name in sink.accepted()}


def test_what_test_keys_send_reaches_the_sandbox_and_nothing_else_does(stage: Stage) -> None:
    mailing = stage.mailing
    launched, scheduled, real, planned = (mailing.draft() for _ in range(4))
    mailing.project()
    soon = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert stage.ask(stage.test, "launch", launched).status_code == 202
    assert stage.ask(stage.test, "schedule", scheduled, send_at=soon).status_code == 202
    assert stage.ask(stage.live, "launch", real).status_code == 202
    assert stage.ask(stage.live, "schedule", planned, send_at=soon).status_code == 202
    mailing.schedule_all()  # the scheduler has no key at all
    mailing.expand()
    mails = [queue(mailing.app, reset_mail()) for _ in range(2)]
    tried = queue(mailing.app, msgspec.structs.replace(reset_mail(), sandbox=True))
    dispatch(stage)
    tests = messages_of(mailing, launched) | messages_of(mailing, scheduled)
    people = messages_of(mailing, real) | messages_of(mailing, planned)
    assert accepted(stage.sandbox) == tests | {tried.mail_id.hex}
    assert accepted(stage.relay) == people | {mail.mail_id.hex for mail in mails}
    marks = {(event.campaign_id, event.sandbox) for event in mailing.of_type(EmailSent)}
    assert marks == {(launched, True), (scheduled, True), (real, False), (planned, False)}
    mailing.project()
    shown = stage.client.get(
        f"/v1/campaigns/{launched}", headers={"Authorization": f"Bearer {stage.live}"}
    )
    assert shown.json()["sandbox"] is True


def test_a_test_key_moves_no_campaign_that_goes_to_people(stage: Stage) -> None:
    mailing = stage.mailing
    campaign = mailing.draft()
    mailing.project()
    soon = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    stage.ask(stage.live, "schedule", campaign, send_at=soon)
    refused = stage.ask(stage.test, "launch", campaign)
    assert (refused.status_code, "live key" in refused.json()["detail"]) == (409, True)
    stage.ask(stage.live, "launch", campaign)
    stage.ask(stage.live, "pause", campaign)
    refused = stage.ask(stage.test, "resume", campaign)
    assert (refused.status_code, "live key" in refused.json()["detail"]) == (409, True)
    assert mailing.gate(campaign) == "paused"


def test_a_live_key_does_not_turn_a_test_into_real_mail(stage: Stage) -> None:
    mailing = stage.mailing
    campaign = mailing.draft()
    mailing.project()
    soon = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    stage.ask(stage.test, "schedule", campaign, send_at=soon)
    assert stage.ask(stage.live, "launch", campaign).status_code == 202
    mailing.expand()
    dispatch(stage)
    assert accepted(stage.relay) == set()
    assert accepted(stage.sandbox) == messages_of(mailing, campaign)


def test_without_a_sandbox_a_test_key_cannot_send(app: Adapters, worker: Adapters) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(PEOPLE)
    campaign = mailing.draft()
    mailing.project()
    key = key_of(mailing, test=True)
    with TestClient(create_app(app)) as client:
        headers = {"Authorization": f"Bearer {key}"}
        refused = client.post(f"/v1/campaigns/{campaign}/launch", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "sandbox_missing")
        assert client.get(f"/v1/campaigns/{campaign}", headers=headers).status_code == 200
    assert mailing.ask("SELECT count(*) FROM campaign_runs") == [(0,)]


def test_what_a_dead_dispatcher_left_of_a_test_is_marked_as_one(stage: Stage) -> None:
    mailing = stage.mailing
    campaign = mailing.draft()
    mailing.project()
    stage.ask(stage.test, "launch", campaign)
    mailing.expand()
    mailing.ask(
        "UPDATE email_tasks SET phase = 1, attempt = 1, locked_by = %s, relay = %s RETURNING 1",
        new_id(),
        f"127.0.0.1:{stage.sandbox.port}",
    )
    with mailing.worker.pool.connection() as connection:
        connection.execute(
            "INSERT INTO dispatchers SELECT DISTINCT locked_by, now() FROM email_tasks"
        )
    mailing.schedule_all()
    lost = mailing.of_type(EmailUncertain)
    assert {(event.sandbox, event.relay) for event in lost} == {
        (True, f"127.0.0.1:{stage.sandbox.port}")
    }
