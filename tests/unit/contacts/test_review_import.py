"""A file under review: checked, committed or cancelled, and nothing in the log before a commit."""

from collections.abc import Collection
from uuid import UUID, uuid4

import pytest

from commands.contacts.import_ports import StagedImport
from commands.contacts.review_import import (
    CancelImport,
    CheckImport,
    CommitImport,
    cancel_import,
    check_import,
    commit_import,
)
from commands.ports import DeclaredConsent
from domain.contacts.address_repairs import Repair
from domain.contacts.events import ImportFailed, ImportRequested
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import Said

WORKSPACE, IMPORT_ID = uuid4(), uuid4()


class MemoryReviews:
    """The port `commands.contacts.import_ports.ImportReviews`, of one import."""

    def __init__(self, status: str = "reviewing", *, sha256: str | None = "ab") -> None:
        self.staged = StagedImport(status, sha256, 9, {"email": "Mail"})
        self.checks: list[tuple[dict[str, str], Collection[Repair]]] = []
        self.stagings: list[tuple[UUID, UUID, DeclaredConsent]] = []

    def stage(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        sha256: str,
        size_bytes: int,
        mapping: dict[str, str],
        consent: DeclaredConsent,
    ) -> None:
        self.staged = StagedImport("reviewing", sha256, size_bytes, mapping)
        self.stagings.append((workspace_id, import_id, consent))

    def find(self, workspace_id: UUID, import_id: UUID) -> StagedImport | None:
        return self.staged if (workspace_id, import_id) == (WORKSPACE, IMPORT_ID) else None

    def check(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        repairs: Collection[Repair],
    ) -> bool:
        self.checks.append((mapping, repairs))
        return bool(workspace_id and import_id) and self.staged.status == "reviewing"

    def drop(self, workspace_id: UUID, import_id: UUID) -> bool:
        return bool(workspace_id and import_id) and self.staged.status in {"reviewing", "checking"}

    def begin(self, workspace_id: UUID, import_id: UUID, *, consent: DeclaredConsent) -> Said:
        return Said("begin", (workspace_id, import_id, consent))

    def cancel(self, workspace_id: UUID, import_id: UUID, *, code: str, reason: str) -> Said:
        return Said("cancel", (workspace_id, import_id, code, reason))


def test_a_check_is_asked_for_with_its_mapping_and_repairs() -> None:
    reviews = MemoryReviews()
    command = CheckImport(
        import_id=IMPORT_ID, mapping={"email": "Mail"}, repairs=frozenset({Repair.SPACE})
    )
    check_import(command, asking(WORKSPACE), reviews)
    assert reviews.checks == [({"email": "Mail"}, {Repair.SPACE})]
    with pytest.raises(InvalidInputError):
        check_import(
            CheckImport(import_id=IMPORT_ID, mapping={"email": "ann@a.example"}),
            asking(WORKSPACE),
            reviews,
        )
    with pytest.raises(IllegalTransitionError):
        check_import(command, asking(WORKSPACE), MemoryReviews("running"))
    with pytest.raises(NotFoundError):
        check_import(CheckImport(import_id=uuid4()), asking(WORKSPACE), reviews)


def test_a_commit_records_the_request_as_it_was_checked() -> None:
    log, context = MemoryEventLog(), asking(WORKSPACE)
    command = CommitImport(import_id=IMPORT_ID, consent_source=" a fair ", consent_text="Yes")
    assert commit_import(command, context, log, MemoryReviews()) == 1
    requested = ImportRequested(
        import_id=IMPORT_ID,
        sha256="ab",
        size_bytes=9,
        mapping={"email": "Mail"},
        consent_source="a fair",
        consent_text="Yes",
    )
    assert log.events == [(WORKSPACE, IMPORT_ID, requested)]
    consent = DeclaredConsent(requested_by=context.actor, source="a fair", text="Yes")
    assert log.effects == [Said("begin", (WORKSPACE, IMPORT_ID, consent))]
    for busy in (MemoryReviews("checking"), MemoryReviews(sha256=None)):
        with pytest.raises(IllegalTransitionError):
            commit_import(command, asking(WORKSPACE), log, busy)


def test_a_review_is_dropped_and_a_running_import_stopped() -> None:
    log, command = MemoryEventLog(), CancelImport(import_id=IMPORT_ID)
    assert cancel_import(command, asking(WORKSPACE), log, MemoryReviews()) == 0
    assert log.events == []
    commit_import(CommitImport(import_id=IMPORT_ID), asking(WORKSPACE), log, MemoryReviews())
    running = MemoryReviews("running")
    assert cancel_import(command, asking(WORKSPACE), log, running) == 2
    stopped = log.events[-1][2]
    assert isinstance(stopped, ImportFailed)
    assert stopped.code == "cancelled"
    with pytest.raises(IllegalTransitionError):
        cancel_import(command, asking(WORKSPACE), log, running)
