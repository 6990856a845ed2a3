"""What is deleted is gone from the lists, gets no mail, comes back for a while, and is purged."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from commands.privacy.move_to_trash import MoveToTrash, move_to_trash
from domain.contacts.events import ContactPurged
from domain.content.events import TemplatePurged
from domain.delivery.events import EmailSkipped, SkipReason
from domain.privacy.events import ContactAnonymized
from domain.privacy.trash import Kind
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint
from infra.postgres.tenant_scope import tenant_scope
from infra.postgres.trash import PostgresTrash
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.cli import ROOT, environment
from tests.support.counting_sink import counting_sink
from tests.support.erasing import finish, receipt_of, stage_of
from tests.support.http_client import issued_token, serving
from tests.support.importing import ContactBook
from tests.support.sending import Mailing
from tests.support.working import run_imports
from workers.retention import Retention

pytestmark = pytest.mark.integration

ANN, BOB, CY = PEOPLE = ("ann@example.com", "bob@example.com", "cy@example.com")
# Kills the retention worker at a failpoint.
DIE = """
import sys
from infra import failpoints
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from workers.retention import Retention
failpoints.arm(failpoints.Failpoint(sys.argv[1]), failpoints.die, on_hit=int(sys.argv[2]))
Retention(Adapters(load_settings(), role=Role.WORKER, name="dies")).step()
"""


class Office:
    """A workspace with people, and a client that asks its API."""

    def __init__(self, mailing: Mailing, client: httpx.Client) -> None:
        self.mailing = mailing
        self._client = client
        token = issued_token(mailing.app, mailing.workspace)
        self._headers = {"Authorization": f"Bearer {token}"}
        self.people = mailing.add_contacts(PEOPLE)
        mailing.project()

    def ask(self, method: str, path: str, *, status: int = 200) -> dict[str, Any]:
        answer = self._client.request(method, f"/v1/{path}", headers=self._headers)
        assert answer.status_code == status, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def delete(self, path: str) -> None:
        self.ask("DELETE", path, status=202)
        self.mailing.project()

    def restore(self, path: str) -> None:
        self.ask("POST", f"{path}/restore", status=202)
        self.mailing.project()

    def emails(self) -> list[str]:
        return sorted(contact["email"] for contact in self.ask("GET", "contacts")["items"])

    def trash(self) -> dict[str, str]:
        return {item["kind"]: item["thing_id"] for item in self.ask("GET", "trash")["items"]}

    def age_the_trash(self) -> None:
        with tenant_scope(self.mailing.worker.pool, self.mailing.workspace) as cursor:
            cursor.execute("UPDATE trash SET purge_at = clock_timestamp()")

    def purge(self) -> None:
        retention = Retention(self.mailing.worker)
        while retention.step():
            pass
        finish(self.mailing.worker)


@pytest.fixture
def office(app: Adapters, worker: Adapters) -> Iterator[Office]:
    with serving(app) as client:
        yield Office(Mailing(app, worker), client)


def sent_to(office: Office) -> set[str]:
    with counting_sink() as sink:
        office.mailing.dispatch(sink.port)
        return set(sink.accepted_recipients())


def test_a_deleted_contact_is_in_no_list_and_no_audience_until_restored(office: Office) -> None:
    ann = f"contacts/{office.people[0]}"
    office.delete(ann)
    assert office.emails() == [BOB, CY]
    assert office.ask("GET", ann)["deleted_at"] is not None
    assert office.trash() == {"contact": str(office.people[0])}
    office.mailing.started()
    assert sent_to(office) == {BOB, CY}
    assert office.mailing.of_type(EmailSkipped) == []
    office.restore(ann)
    assert (office.emails(), office.trash()) == ([ANN, BOB, CY], {})
    office.mailing.started()
    assert sent_to(office) == {ANN, BOB, CY}


def test_who_is_deleted_after_the_launch_is_skipped_with_the_reason(office: Office) -> None:
    office.mailing.started()
    office.delete(f"contacts/{office.people[0]}")
    assert sent_to(office) == {BOB, CY}
    (skipped,) = office.mailing.of_type(EmailSkipped)
    assert (skipped.contact_id, skipped.reason) == (office.people[0], SkipReason.DELETED)


def test_a_restored_contact_that_unsubscribed_gets_no_mail(office: Office) -> None:
    ann = office.people[0]
    office.mailing.unsubscribe(ann)
    office.delete(f"contacts/{ann}")
    office.restore(f"contacts/{ann}")
    office.mailing.started()
    assert sent_to(office) == {BOB, CY}


def test_a_deleted_template_and_campaign_are_hidden_useless_and_come_back(office: Office) -> None:
    template, campaign = f"templates/{office.mailing.template}", office.mailing.draft()
    office.mailing.project()
    for path in (template, f"campaigns/{campaign}"):
        office.delete(path)
        office.delete(path)
        assert office.ask("GET", path.partition("/")[0])["items"] == []
        assert office.ask("GET", path)["deleted_at"] is not None
    assert office.trash().keys() == {"template", "campaign"}
    assert {item["name"] for item in office.ask("GET", "trash")["items"]} == {"t", "c"}
    assert len(office.ask("GET", "trash?kind=campaign")["items"]) == 1
    refused = office.ask("POST", f"campaigns/{campaign}/launch", status=409)
    assert "trash" in refused["detail"]
    office.restore(template)
    office.restore(f"campaigns/{campaign}")
    assert office.trash() == {}
    office.mailing.launch(campaign)
    running = office.ask("DELETE", f"campaigns/{campaign}", status=409)
    assert "cancel it first" in running["detail"]


def test_what_is_purged_is_gone_and_a_person_erased_with_a_receipt(office: Office) -> None:
    ann, campaign = office.people[0], office.mailing.draft()
    paths = [f"contacts/{ann}", f"templates/{office.mailing.template}", f"campaigns/{campaign}"]
    office.mailing.project()
    for path in paths:
        office.delete(path)
    office.purge()
    assert len(office.trash()) == 3, "their time is not over"
    office.age_the_trash()
    office.purge()
    office.mailing.project()
    assert office.trash() == {}
    assert office.ask("GET", paths[0])["email"] is None
    for path in paths[1:]:
        office.ask("GET", path, status=404)
    for path in paths:
        office.ask("POST", f"{path}/restore", status=410)
    assert receipt_of(office.mailing.app, office.mailing.workspace, ann).actor == "worker:retention"
    assert office.emails() == [BOB, CY]


@pytest.mark.parametrize(
    ("point", "on_hit"),
    [
        (Failpoint.APPENDER_WRITTEN, 1),
        (Failpoint.APPENDER_COMMITTED, 1),
        (Failpoint.VAULT_FENCED, 1),
        (Failpoint.VAULT_DESTROYED, 1),
        (Failpoint.APPENDER_WRITTEN, 2),
        (Failpoint.APPENDER_COMMITTED, 2),
        (Failpoint.RETENTION_PURGED, 1),
    ],
)
def test_a_purge_is_whole_wherever_it_is_killed(
    office: Office, settings: Settings, point: Failpoint, on_hit: int
) -> None:
    ann, bob, _ = office.people
    office.delete(f"contacts/{ann}")
    office.delete(f"contacts/{bob}")
    office.delete(f"templates/{office.mailing.template}")
    office.age_the_trash()
    died = subprocess.run(
        [sys.executable, "-c", DIE, point, str(on_hit)],
        cwd=ROOT,
        env=environment(settings),
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    office.purge()
    office.mailing.project()
    assert office.trash() == {}
    told = {
        kind: [getattr(event, "contact_id", None) for event in office.mailing.of_type(kind)]
        for kind in (ContactPurged, ContactAnonymized, TemplatePurged)
    }
    assert sorted(told[ContactPurged]) == sorted(told[ContactAnonymized]) == sorted([ann, bob])
    assert len(told[TemplatePurged]) == 1
    for person in (ann, bob):
        assert stage_of(office.mailing.worker, office.mailing.workspace, person) == "done"


def test_an_erasure_empties_the_trash_of_the_person(office: Office) -> None:
    ann = office.people[0]
    office.delete(f"contacts/{ann}")
    office.ask("POST", f"contacts/{ann}/erasure", status=202)
    assert office.trash() == {}
    office.ask("POST", f"contacts/{ann}/restore", status=410)


def test_a_file_does_not_bring_a_deleted_contact_back(
    worker: Adapters, app: Adapters, tmp_path: Path
) -> None:
    book = ContactBook(worker, tmp_path)
    book.hand_over(b"email\nann@example.com\nbob@example.com\n")
    run_imports(worker)
    (ann,) = [event.contact_id for event in book.imported() if event.email == ANN]
    _trash(app, book.workspace_id, ann)
    again = book.hand_over(b"email\nann@example.com\nbob@example.com\nnew@example.com\n")
    run_imports(worker)
    figures = book.figures(again)
    assert (figures.valid_unique, figures.duplicates) == (1, 2)
    first, second = book.rejected(again)
    assert (first["reason_code"], second["reason_code"]) == ("deleted", "duplicate")
    assert "restore" in first["reason"]


def _trash(app: Adapters, workspace: UUID, contact: UUID) -> None:
    command = MoveToTrash(kind=Kind.CONTACT, thing_id=contact)
    move_to_trash(command, asking(workspace), app.log, PostgresTrash(app.pool))
