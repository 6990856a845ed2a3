"""Erasing a person: in order, from wherever somebody died, and without a way back in."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from domain.contacts.events import ContactImported
from domain.delivery.events import EmailSent, EmailSkipped, SkipReason
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.erasure_receipts import ErasureReceipts
from infra.failpoints import Failpoint
from infra.postgres.campaign_runs import RunFinder
from infra.postgres.connections import Role, role_dsn
from infra.postgres.dead_letters import DeadLetter, DeadLetters
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.email_queue import EmailQueue
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import email_sent, fact
from tests.support.cli import ROOT, environment
from tests.support.counting_sink import counting_sink
from tests.support.erasing import (
    erase,
    erasures_of,
    finish,
    receipt_of,
    stage_of,
    unverified,
)
from tests.support.faulty_smtp import Script, say
from tests.support.importing import ContactBook, Figures
from tests.support.sending import Mailing
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

ANN = "ann@example.com"
# Kills this process at a failpoint in the middle of an erasure.
DIE = """
import sys
from uuid import UUID
from infra import failpoints
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from tests.support.erasing import erase
adapters = Adapters(load_settings(), role=Role.APP, name="dies")
failpoints.arm(failpoints.Failpoint(sys.argv[1]), failpoints.die)
erase(adapters, UUID(sys.argv[2]), UUID(sys.argv[3]))
"""
DEATHS = (
    (Failpoint.VAULT_FENCED, "asked"),
    (Failpoint.VAULT_DESTROYED, "asked"),
    (Failpoint.APPENDER_WRITTEN, "asked"),
    (Failpoint.APPENDER_COMMITTED, "recorded"),
)


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


@pytest.fixture
def book(worker: Adapters, tmp_path: Path) -> ContactBook:
    return ContactBook(worker, tmp_path)


def contact_of(book: ContactBook, worker: Adapters, email: str) -> UUID:
    catch_up(worker)
    with tenant_scope(worker.pool, book.workspace_id) as cursor:
        (row,) = cursor.execute(
            "SELECT contact_id FROM contacts WHERE email = %s", (email,)
        ).fetchall()
    return UUID(str(row[0]))


class TestAPerson:
    """Two people got a mail and opened it; one is erased."""

    @pytest.fixture(autouse=True)
    def _sent(self, mailing: Mailing) -> None:
        self.mailing, self.worker = mailing, mailing.worker
        self.ann, self.bob = mailing.add_contacts([ANN, "bob@example.com"])
        mailing.started()
        mailing.dispatch_to(Script(dot=say(b"250 queued for Ann Ypsilon")))
        mailing.project()
        assert mailing.ask("SELECT count(*) FROM messages WHERE reply LIKE '%%Ypsilon%%'") == [(2,)]

    def rows(self, person: UUID) -> tuple[object, ...]:
        ((*row,),) = self.mailing.ask(
            "SELECT c.email, c.first_name, m.reply, c.status, m.status, c.erased_at IS NULL"
            " FROM contacts c JOIN messages m USING (workspace_id, contact_id)"
            " WHERE contact_id = %s",
            person,
        )
        return tuple(row)

    def test_leaves_every_model_and_the_others_stay(self) -> None:
        bob_before = self.rows(self.bob)
        position = erase(self.mailing.app, self.mailing.workspace, self.ann)
        finish(self.worker)
        assert self.rows(self.ann) == (None, None, None, "subscribed", "sent", False)
        assert self.rows(self.bob) == bob_before
        assert unverified(self.worker) == []
        opened = self.worker.mapper.open(
            self.mailing.workspace,
            [
                (self.worker.mapper.decode(row.tag, row.data), row.data)
                for row in self.worker.reader.page(0)
                if row.tag == ContactImported.TAG
            ],
        )
        assert {getattr(event, "email", "") for event in opened} == {None, "bob@example.com"}
        again = erase(self.mailing.app, self.mailing.workspace, self.ann)
        assert again == position
        assert len(erasures_of(self.worker, self.mailing.workspace)) == 1

    @pytest.mark.parametrize(("point", "stage"), DEATHS)
    def test_is_erased_whole_wherever_the_command_is_killed(
        self, point: Failpoint, stage: str, settings: Settings
    ) -> None:
        workspace = self.mailing.workspace
        died = subprocess.run(
            [sys.executable, "-c", DIE, point, str(workspace), str(self.ann)],
            cwd=ROOT,
            env=environment(settings),
            timeout=60,
            check=False,
        )
        assert died.returncode == -9
        assert stage_of(self.worker, workspace, self.ann) == stage
        finish(self.worker)
        assert stage_of(self.worker, workspace, self.ann) == "done"
        (erasure,) = erasures_of(self.worker, workspace)
        assert erasure.key_sha256 != ""
        assert self.rows(self.ann)[:3] == (None, None, None)
        assert unverified(self.worker) == []
        receipt = receipt_of(self.mailing.app, workspace, self.ann)
        assert (receipt.actor, receipt.key_sha256) == ("test", erasure.key_sha256)

    def test_is_not_shown_by_what_another_process_seals_with_the_dead_key(
        self, settings: Settings
    ) -> None:
        """Two processes have the key in memory for a minute: one seals with it, one could open."""
        dispatcher = Adapters(settings, role=Role.WORKER, name="dispatcher")
        for adapters in (dispatcher, self.worker):
            assert adapters.vault.ciphers(self.mailing.workspace, [self.ann], mint=False)
        erase(self.mailing.app, self.mailing.workspace, self.ann)
        finish(self.worker)
        sent = email_sent(uuid4(), self.ann, reply="250 late news of Ypsilon")
        dispatcher.log.record([fact(sent)], asking(self.mailing.workspace))
        dispatcher.close()
        catch_up(self.worker)
        late = "SELECT count(*), count(reply) FROM messages WHERE contact_id = %s"
        assert self.mailing.ask(late, self.ann) == [(2, 0)]
        assert unverified(self.worker) == []

    def test_is_erased_again_when_the_vault_knows_it_and_the_restored_log_does_not(self) -> None:
        self.worker.vault.destroy(self.mailing.workspace, self.ann)  # and then an old backup
        finish(self.worker)
        assert stage_of(self.worker, self.mailing.workspace, self.ann) == "done"
        assert self.rows(self.ann)[:3] == (None, None, None)
        assert self.rows(self.bob)[0] == "bob@example.com"
        assert unverified(self.worker) == []

    def test_is_in_no_campaign_that_comes_after(self) -> None:
        erase(self.mailing.app, self.mailing.workspace, self.ann)
        finish(self.worker)
        self.mailing.started()
        assert self.mailing.tasks() == 1
        assert self.mailing.of_type(EmailSkipped) == []


class TestARunningCampaign:
    """Somebody is erased between the launch and the mail."""

    def test_what_is_queued_is_skipped_with_a_fact(self, mailing: Mailing) -> None:
        ann, *_ = mailing.add_contacts([ANN, "bob@example.com", "cy@example.com"])
        campaign = mailing.started()
        mailing.pause(campaign)
        erase(mailing.app, mailing.workspace, ann)
        finish(mailing.worker)
        assert mailing.tasks() == 2
        (skipped,) = mailing.of_type(EmailSkipped)
        assert (skipped.contact_id, skipped.reason) == (ann, SkipReason.ERASED)
        mailing.resume(campaign)
        with counting_sink() as sink:
            mailing.dispatch(sink.port)
            assert ANN not in sink.accepted_recipients()
        mailing.schedule_all()
        assert mailing.gate(campaign) == "closed"
        assert len(mailing.of_type(EmailSent)) == 2

    @pytest.mark.parametrize("how", ["erased", "only the key is gone"])
    def test_who_is_erased_after_the_claim_is_caught_before_mail_from(
        self, mailing: Mailing, how: str
    ) -> None:
        people = mailing.add_contacts([f"p{n}@example.com" for n in range(100)])
        mailing.started()
        gone: list[UUID] = []
        with counting_sink() as sink:

            def erase_one_more() -> bool:
                if len(gone) < 20:
                    person = people[-1 - len(gone)]
                    if how == "erased":
                        erase(mailing.app, mailing.workspace, person)
                    else:
                        mailing.app.vault.destroy(mailing.workspace, person)
                    gone.append(person)
                return mailing.idle()

            # Claimed and rendered at once, sent for two seconds.
            mailing.dispatch(sink.port, rate_per_s=50, until=erase_one_more)
            accepted = sink.accepted().total()
        skipped = mailing.of_type(EmailSkipped)
        sent = {event.contact_id for event in mailing.of_type(EmailSent)}
        assert len(sent) == accepted
        assert not sent & {event.contact_id for event in skipped}
        assert len(sent) + len(skipped) == 100
        assert {event.reason for event in skipped} == {SkipReason.ERASED}
        assert {event.contact_id for event in skipped} <= set(gone)

    def test_a_dispatcher_that_has_the_message_is_waited_for(self, mailing: Mailing) -> None:
        (ann,) = mailing.add_contacts([ANN])
        mailing.started()
        (run,) = RunFinder(mailing.worker.pool).sendable()
        queue = EmailQueue(mailing.worker.pool, owner=new_id())
        DispatcherLeases(mailing.worker.pool).sign_on(queue.owner)
        (task,) = queue.claim(run, limit=10)
        erase(mailing.app, mailing.workspace, ann)
        finish(mailing.worker)
        assert stage_of(mailing.worker, mailing.workspace, ann) == "recorded"
        queue.release(mailing.workspace, [task.message_id])
        finish(mailing.worker)
        assert stage_of(mailing.worker, mailing.workspace, ann) == "done"
        assert len(mailing.of_type(EmailSkipped)) == 1

    def test_a_dead_letter_loses_its_transcript_before_and_after(self, mailing: Mailing) -> None:
        ann, bob, cy = mailing.add_contacts([ANN, "bob@example.com", "cy@example.com"])
        erase(mailing.app, mailing.workspace, cy)
        letters = [letter_of(person) for person in (ann, bob, cy)]
        mailing.worker.log.record(
            [], asking(mailing.workspace), effects=[DeadLetters(mailing.workspace, letters)]
        )
        erase(mailing.app, mailing.workspace, ann)
        kept = mailing.ask("SELECT contact_id, transcript FROM dead_letters")
        assert dict(kept) == {ann: "", bob: "no more for Ypsilon", cy: ""}


class TestAFile:
    """Rows of files, before and after the erasure."""

    FILE = (
        b"email,first name,city\nann@example.com,Ann,Ulm\nbob@example.com,Bob,Bonn\n"
        b"Ann@Example.com,Anna,Ulm\nbob@example.com,Robert,Bonn\n"
        b"Ann Y <ann@example.com>,Anna,Ulm\n,nobody,Ulm\n"
    )

    def test_the_rejected_rows_that_name_the_person_are_emptied(
        self, book: ContactBook, worker: Adapters, app: Adapters
    ) -> None:
        import_id = book.hand_over(self.FILE)
        run_imports(worker)
        before = {row["row"]: row for row in book.rejected(import_id)}
        assert before.keys() == {"3", "4", "5", "6"}
        erase(app, book.workspace_id, contact_of(book, worker, ANN))
        after = {row["row"]: row for row in book.rejected(import_id)}
        for row in ("3", "5"):
            assert [after[row][name] for name in ("email", "first name", "city")] == ["", "", ""]
            assert after[row]["reason_code"] == "erased"
        assert (after["4"], after["6"]) == (before["4"], before["6"])

    def test_the_address_comes_again_and_stays_out(
        self, book: ContactBook, worker: Adapters, app: Adapters
    ) -> None:
        book.hand_over(self.FILE)
        run_imports(worker)
        erase(app, book.workspace_id, contact_of(book, worker, ANN))
        finish(worker)
        again = book.hand_over(self.FILE + b"new@example.com,New,Ulm\n")
        run_imports(worker)
        assert book.figures(again) == Figures(
            rows=7, valid_unique=1, duplicates=4, invalid=1, empty=1
        )
        assert book.people() == ["", "bob@example.com", "new@example.com"]
        rows = {row["row"]: row for row in book.rejected(again)}
        for row in ("1", "3", "5"):
            assert rows[row]["reason_code"] == "erased"
            assert "Ann" not in str(rows[row])
            assert "who was erased" in rows[row]["reason"]
        assert rows["2"]["email"] == "bob@example.com"
        finish(worker)
        assert book.readable() == ["", "bob@example.com", "new@example.com"]

    def test_an_erasure_beside_an_import_leaves_no_row_behind(
        self, book: ContactBook, worker: Adapters, app: Adapters
    ) -> None:
        """The importer knew her as a contact like any other; then she is erased; then it writes."""
        book.hand_over(self.FILE)
        run_imports(worker)
        ann = contact_of(book, worker, ANN)
        again = book.hand_over(self.FILE)
        erasing = once(lambda: erase(app, book.workspace_id, ann))
        known = worker.mapper.encode

        def encode(workspace: UUID, events: object) -> object:
            erasing()
            return known(workspace, events)  # type: ignore[arg-type] # what it is given

        worker.mapper.encode = encode  # type: ignore[method-assign,assignment] # a moment in time
        run_imports(worker)
        rows = {row["row"]: row for row in book.rejected(again)}
        assert [rows[row]["reason_code"] for row in ("1", "3", "5")] == ["erased"] * 3
        assert "Ann" not in str(list(rows.values()))


class TestAReceipt:
    """What proves an erasure."""

    @pytest.fixture(autouse=True)
    def _erased(self, mailing: Mailing, settings: Settings) -> None:
        self.worker = mailing.worker
        self.ann, self.bob = mailing.add_contacts([ANN, "bob@example.com"])
        fingerprint = self.worker.vault.fingerprint(mailing.workspace, self.ann)
        position = erase(mailing.app, mailing.workspace, self.ann)
        self.receipt = receipt_of(mailing.app, mailing.workspace, self.ann)
        assert (self.receipt.position, self.receipt.key_sha256) == (position, fingerprint)
        self.receipts = ErasureReceipts(self.worker.pool, settings.secret_key)

    def faults(self, **changes: object) -> list[str]:
        changed = msgspec.structs.replace(self.receipt, **changes)
        copy = msgspec.json.decode(msgspec.json.encode(changed), type=type(changed))
        return self.receipts.faults(copy, self.worker.vault)

    def test_is_good_and_always_the_same(self, mailing: Mailing) -> None:
        assert self.faults() == []
        assert receipt_of(mailing.worker, mailing.workspace, self.ann) == self.receipt
        text = msgspec.json.encode(self.receipt).decode()
        assert ANN not in text

    def test_that_was_changed_is_found_out(self) -> None:
        for field, value in {
            "position": 1,
            "contact_id": self.bob,
            "command_id": uuid4(),
            "actor": "x",
            "key_sha256": "x",
            "erased_at": datetime(2020, 1, 1, tzinfo=UTC),
        }.items():
            first, second, *_ = self.faults(**{field: value})
            assert "signature does not fit" in first
            assert field in second or "no erasure of this contact" in second
        (wrong,) = self.faults(kind="x")
        assert "not a 'email-engine/erasure-receipt/1'" in wrong

    def test_says_so_when_the_key_came_back(self, mailing: Mailing, settings: Settings) -> None:
        bring_back(settings, mailing.workspace, self.ann)
        assert self.faults() == [
            "the vault still holds a key of this person",
            "the vault has no fence: this person could get a key again",
        ]


def letter_of(person: UUID) -> DeadLetter:
    return DeadLetter(
        message_id=uuid4(),
        campaign_id=uuid4(),
        contact_id=person,
        attempt=1,
        code=554,
        status="5.7.1",
        reason="policy",
        transcript="no more for Ypsilon",
    )


def bring_back(settings: Settings, workspace: UUID, person: UUID) -> None:
    """Do to the vault what only its owner could."""
    dsn = role_dsn(settings.vault_url, Role.MIGRATOR, settings.secret_key)
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("DELETE FROM fences")
        owner.execute(
            "INSERT INTO subject_keys (workspace_id, subject_id, epoch, wrapped)"
            " SELECT %s, %s, max(epoch), '' FROM epochs",
            (workspace, person),
        )


def once(action: Callable[[], object]) -> Callable[[], None]:
    left = [action]

    def act() -> None:
        if left:
            left.pop()()

    return act
