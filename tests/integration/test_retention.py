"""What is kept too long goes, as facts say, and nothing else does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import pytest

from commands.privacy.choose_retention import ChooseRetention, choose_retention
from domain.contacts.events import ContactDeleted, DeletionCause, ImportFailed
from domain.privacy.events import EngagementForgotten, RejectedRowsForgotten
from domain.privacy.retention_settings import RetentionSettings
from infra.bootstrap import Adapters
from infra.postgres.retention import PostgresRetention
from infra.postgres.tenant_scope import tenant_scope
from tests.support.asking import asking
from tests.support.builders import email_opened, email_sent, fact
from tests.support.erasing import unverified
from tests.support.importing import ContactBook
from tests.support.sending import Mailing
from tests.support.working import catch_up, run_imports
from workers.retention import FILE_CODE, Retention

pytestmark = pytest.mark.integration

ANN = "ann@example.com"
FILE = b"email,name\nann@example.com,Ann\nann@example.com,Anna\nbroken,Nobody\n"


@pytest.fixture
def choose(app: Adapters) -> Callable[..., None]:
    def choose(workspace: UUID, **days: int) -> None:
        command = ChooseRetention(settings=RetentionSettings(**days))
        choose_retention(command, asking(workspace), app.log, PostgresRetention(app.pool))

    return choose


@pytest.fixture
def book(worker: Adapters, tmp_path: Path) -> ContactBook:
    return ContactBook(worker, tmp_path)


def keep(worker: Adapters) -> None:
    retention = Retention(worker)
    while retention.step():
        pass


def age(worker: Adapters, workspace: UUID, statement: LiteralString, days: int) -> None:
    with tenant_scope(worker.pool, workspace) as cursor:
        cursor.execute(statement, (timedelta(days=days),))


def facts(worker: Adapters, kind: type) -> list[object]:
    return [
        event
        for page in worker.reader.pages(0)
        for row in page
        if isinstance(event := worker.mapper.decode(row.tag, row.data), kind)
    ]


def test_rejected_rows_go_in_their_time_and_the_figures_stay(
    worker: Adapters, book: ContactBook, choose: Callable[..., None]
) -> None:
    import_id = book.hand_over(FILE)
    run_imports(worker)
    aged: LiteralString = "UPDATE imports SET requested_at = requested_at - %s"
    age(worker, book.workspace_id, aged, 60)
    keep(worker)
    assert len(book.rejected(import_id)) == 2, "90 days by default"
    choose(book.workspace_id, rejected_row_days=30)
    keep(worker)
    assert book.rejected(import_id) == []
    assert facts(worker, RejectedRowsForgotten) == [
        RejectedRowsForgotten(import_id=import_id, rows=2)
    ]
    assert book.figures(import_id).duplicates == 1
    with tenant_scope(worker.pool, book.workspace_id) as cursor:
        cursor.execute("SELECT count(*) FROM import_rejection_addresses")
        assert cursor.fetchone() == (0,)


def test_a_file_whose_import_does_not_end_is_deleted(worker: Adapters, book: ContactBook) -> None:
    import_id = book.hand_over(FILE)
    aged: LiteralString = "UPDATE imports SET requested_at = requested_at - %s"
    age(worker, book.workspace_id, aged, 6)
    keep(worker)
    assert book.state(import_id).status == "running"
    age(worker, book.workspace_id, aged, 2)
    keep(worker)
    run_imports(worker)
    assert book.state(import_id).status == "failed"
    (failed,) = facts(worker, ImportFailed)
    assert isinstance(failed, ImportFailed)
    assert failed.code == FILE_CODE
    with tenant_scope(worker.pool, book.workspace_id) as cursor:
        cursor.execute("SELECT count(*) FROM import_parts")
        assert cursor.fetchone() == (0,)


class TestPeople:
    """Who opened, and who never does."""

    @pytest.fixture(autouse=True)
    def _people(self, app: Adapters, worker: Adapters, choose: Callable[..., None]) -> None:
        self.mailing, self.worker, self.choose = Mailing(app, worker), worker, choose
        self.workspace = self.mailing.workspace
        self.ann, self.bob = self.mailing.add_contacts([ANN, "bob@example.com"])
        campaign = UUID(int=5)
        opened = [email_sent(campaign, p) for p in (self.ann, self.bob)]
        worker.log.record(
            [fact(e) for e in (*opened, email_opened(campaign, self.ann))], asking(self.workspace)
        )
        catch_up(worker)

    def opens(self) -> dict[UUID, int]:
        return dict(self.mailing.ask("SELECT contact_id, opens FROM messages"))

    def test_the_inactive_go_into_the_trash_and_who_comes_back_may_stay(self) -> None:
        self.choose(self.workspace, inactive_contact_days=30, trash_days=9)
        keep(self.worker)
        assert facts(self.worker, ContactDeleted) == []
        aged: LiteralString = "UPDATE contacts SET added_at = added_at - %s"
        age(self.worker, self.workspace, aged, 31)
        self.choose(self.workspace, inactive_contact_days=40, trash_days=9)  # look at once
        keep(self.worker)
        assert facts(self.worker, ContactDeleted) == []
        self.choose(self.workspace, inactive_contact_days=30, trash_days=9)
        keep(self.worker)
        (deleted,) = facts(self.worker, ContactDeleted)
        assert isinstance(deleted, ContactDeleted)
        assert (deleted.contact_id, deleted.cause) == (self.bob, DeletionCause.INACTIVE)
        left = deleted.restorable_until - datetime.now(UTC)
        assert timedelta(days=8) < left < timedelta(days=9)
        self.mailing.project()
        self.choose(self.workspace, inactive_contact_days=30)
        keep(self.worker)
        assert len(facts(self.worker, ContactDeleted)) == 1

    def test_who_opened_is_forgotten_by_a_fact_and_a_rebuild_forgets_it_too(self) -> None:
        self.choose(self.workspace, engagement_days=30)
        keep(self.worker)
        assert facts(self.worker, EngagementForgotten) == []
        assert self.opens() == {self.ann: 1, self.bob: 0}
        forgotten = EngagementForgotten(before=datetime.now(UTC) + timedelta(days=1))
        self.worker.log.record([fact(forgotten)], asking(self.workspace))
        again = email_opened(UUID(int=5), self.bob)
        self.worker.log.record([fact(again)], asking(self.workspace))
        catch_up(self.worker)
        assert self.opens() == {self.ann: 0, self.bob: 1}
        assert unverified(self.worker) == []

    def test_engagement_beyond_its_days_is_forgotten_once(self) -> None:
        self.choose(self.workspace, engagement_days=30)
        aged: LiteralString = "UPDATE messages SET sent_at = sent_at - %s"
        age(self.worker, self.workspace, aged, 31)
        keep(self.worker)
        keep(self.worker)
        assert len(facts(self.worker, EngagementForgotten)) == 1
        catch_up(self.worker)
        assert self.opens() == {self.ann: 0, self.bob: 0}
