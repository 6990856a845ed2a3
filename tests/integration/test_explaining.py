"""Why did this person get it, or not: asked of the API, after what happened really happened."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.testing import TestClient

from commands.contacts.suppress_contact import SuppressContact, suppress_contact
from commands.privacy.move_to_trash import MoveToTrash, move_to_trash
from domain.contacts.events import SuppressionReason, SuppressionSource
from domain.contacts.suppression import Grounds
from domain.delivery.events import EmailFailed, EmailSkipped, SkipReason
from domain.engagement.events import EmailOpened
from domain.privacy.trash import Kind
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.dead_letters import PostgresDeadLetters
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.trash import PostgresTrash
from read_api.app import create_app
from tests.support.asking import asking
from tests.support.counting_sink import counting_sink
from tests.support.faulty_smtp import Script, say
from tests.support.http_client import issued_token
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration


class Asking:
    """A workspace that mails, and what its API answers."""

    def __init__(self, mailing: Mailing, client: httpx.Client, token: str) -> None:
        self.mailing = mailing
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, object]) -> httpx.Response:
        return self._client.post(path, json=body, headers=self._headers)

    def why(self, campaign: UUID, contact: UUID) -> dict[str, Any]:
        self.mailing.project()
        found: dict[str, Any] = self.get(f"/v1/campaigns/{campaign}/contacts/{contact}/explanation")
        return found

    def position_of(self, tag: str) -> int:
        ((position,),) = self.mailing.ask(
            "SELECT position FROM events WHERE workspace_id = current_workspace() AND tag = %s", tag
        )
        return int(position)


@pytest.fixture
def asked(app: Adapters, worker: Adapters) -> Iterator[Asking]:
    mailing = Mailing(app, worker)
    token = issued_token(app, mailing.workspace, "delivery:manage", "delivery:read")
    with TestClient(create_app(app)) as client:
        yield Asking(mailing, client, token)


def test_every_skip_leads_to_the_event_behind_it(asked: Asking) -> None:
    mailing = asked.mailing
    ann, bob, cat, dan = mailing.add_contacts([f"{n}@example.com" for n in "abcd"])
    mailing.project()
    campaign = mailing.draft()
    mailing.project()
    mailing.launch(campaign)
    mailing.unsubscribe(ann)
    bounced_message = new_id()
    suppress_contact(
        SuppressContact(
            contact_id=bob,
            grounds=Grounds(
                reason=SuppressionReason.HARD_BOUNCE,
                source=SuppressionSource.BOUNCE,
                detail="550 5.1.1",
                caused_by=bounced_message,
            ),
        ),
        asking(mailing.workspace),
        mailing.app.log,
        PostgresDoNotMail(),
    )
    trashed = MoveToTrash(kind=Kind.CONTACT, thing_id=cat)
    trash = PostgresTrash(mailing.app.pool)
    move_to_trash(trashed, asking(mailing.workspace), mailing.app.log, trash)
    mailing.expand()
    mailing.cancel(campaign)
    mailing.schedule_all()
    answers = {who: asked.why(campaign, who) for who in (ann, bob, cat, dan)}
    expected = {
        ann: ("unsubscribed", "contacts.contact_unsubscribed.v1"),
        bob: ("suppressed", "contacts.contact_suppressed.v1"),
        cat: ("deleted", "contacts.contact_deleted.v1"),
        dan: ("campaign_cancelled", "campaigns.campaign_cancelled.v1"),
    }
    for who, (code, tag) in expected.items():
        position = asked.position_of(tag)
        assert (answers[who]["code"], answers[who]["position"]) == (code, position)
        assert f"event {position}" in answers[who]["text"]
    assert f"hard_bounce 550 5.1.1, caused by message {bounced_message}" in answers[bob]["text"]
    skipped = {event.reason for event in mailing.of_type(EmailSkipped)}
    assert skipped == {SkipReason(code) for code, _ in expected.values()}


def test_what_cannot_be_written_says_what_is_wrong(asked: Asking) -> None:
    mailing = asked.mailing
    (ann,) = mailing.add_contacts(["a@example.com"])
    campaign = mailing.started()
    mailing.ask(
        "UPDATE snapshots SET content = jsonb_set(content, '{from_name}', %s::jsonb) RETURNING 1",
        '"Acme\\nBcc: x"',
    )
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
    answer = asked.why(campaign, ann)
    assert answer["code"] == "unrenderable"
    assert "the sender's name" in answer["text"]


def test_who_was_never_meant_is_told_so(asked: Asking) -> None:
    mailing = asked.mailing
    mailing.add_contacts(["a@example.com"])
    campaign = mailing.started()
    (late,) = mailing.add_contacts(["late@example.com"])
    answer = asked.why(campaign, late)
    assert answer["code"] == "joined_later"
    assert asked.why(mailing.draft(), late)["code"] == "not_launched"


def test_a_message_that_waits_says_for_what(asked: Asking) -> None:
    mailing = asked.mailing
    (ann,) = mailing.add_contacts(["a@gmail.com"])
    campaign = mailing.started()
    assert asked.why(campaign, ann)["code"] == "in_queue"
    mailing.ask(
        "INSERT INTO lanes (workspace_id, sending_domain, destination, hour_cap, hour_used)"
        " VALUES (current_workspace(), 'acme.example', 'google', 50, 50) RETURNING 1"
    )
    capped = asked.why(campaign, ann)
    assert (capped["code"], capped["until"] is not None) == ("warm_up_cap", True)
    assert "lane to google is in warm-up, 50 of 50 used" in capped["text"]
    mailing.ask(
        "INSERT INTO kill_switches (workspace_id, scope, key, is_on, reason, epoch)"
        " VALUES (current_workspace(), 'workspace', '', true, 'spam', 1) RETURNING 1"
    )
    assert asked.why(campaign, ann)["text"] == "stopped by the kill switch of the workspace: spam"
    mailing.pause(campaign)
    mailing.ask("DELETE FROM kill_switches RETURNING 1")
    assert asked.why(campaign, ann)["code"] == "campaign_paused"


def test_the_whole_life_of_a_message_has_every_attempt_with_its_event(asked: Asking) -> None:
    mailing = asked.mailing
    (ann,) = mailing.add_contacts(["a@example.com"])
    campaign = mailing.started()
    busy = say(b"451 4.3.0 <a@example.com> not now, try again in 1 seconds", b"554 5.7.1 blocked")
    mailing.dispatch_to(Script(rcpt=busy), until=lambda: mailing.tasks() == 0, connections=1)
    (failed,) = mailing.of_type(EmailFailed)
    message = failed.message_id
    mailing.project()
    letter = asked.get(f"/v1/dead-letters/{message}")
    assert [(each["outcome"], each["code"]) for each in letter["attempts"]] == [
        ("deferred", 451), ("failed", 554),
    ]  # fmt: skip
    again = {"reason": "the block is lifted"}
    assert asked.post(f"/v1/dead-letters/{message}/redrive", again).status_code == 202
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
    opened = EmailOpened(message_id=message, campaign_id=campaign, contact_id=ann)
    mailing.app.log.record([Fact(new_id(), opened)], asking(mailing.workspace))
    mailing.project()
    life = asked.get(f"/v1/messages/{message}")
    kinds = [event["kind"] for event in life["life"]]
    assert kinds == [
        "queued", "handed_over", "deferred", "handed_over", "failed", "redriven", "handed_over",
        "sent", "opened",
    ]  # fmt: skip
    positions = [event["position"] for event in life["life"]]
    assert positions == sorted(set(positions))
    told = dict(mailing.ask("SELECT position, tag FROM events WHERE position = ANY(%s)", positions))
    assert [told[position].split(".")[1] for position in positions] == [
        "emails_queued", "handover_started", "email_deferred", "handover_started", "email_failed",
        "email_redriven", "handover_started", "email_sent", "email_opened",
    ]  # fmt: skip
    assert "a@example.com" not in str(life)
    assert life["explanation"]["code"] == "sent"
    (listed,) = asked.get(f"/v1/contacts/{ann}/messages")["items"]
    found = asked.get(f"/v1/messages?email=a@ex&campaign_id={listed['campaign_id']}")["items"]
    assert [(row["message_id"], row["email"]) for row in found] == [(str(message), "a@example.com")]
    assert asked.get(f"/v1/messages?status={listed['status']}&limit=1")["items"]
    assert asked.get("/v1/messages?email=nobody")["items"] == []
    assert (listed["message_id"], listed["explanation"]) == (str(message), "sent")


def test_letters_are_listed_and_settled_by_filter(asked: Asking) -> None:
    mailing = asked.mailing
    mailing.add_contacts([f"p{n}@example.com" for n in range(3)])
    mailing.started()
    mailing.dispatch_to(Script(rcpt=say(b"554 5.7.1 blocked")))
    mailing.project()
    assert len(asked.get("/v1/dead-letters?reason=policy&code=554&state=open")["items"]) == 3
    assert asked.get("/v1/dead-letters?code=550")["items"] == []
    first = PostgresDeadLetters(mailing.app.pool)
    assert first.find(mailing.workspace, new_id()) is None
    done = asked.post("/v1/dead-letters/redrive", {"reason": "again", "code": 554})
    assert done.json() == {"settled": 3, "refused": {}, "more": False}
    assert asked.get("/v1/dead-letters?state=open")["items"] == []
    assert mailing.tasks() == 3
