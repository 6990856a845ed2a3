"""An erasure takes away every export that shows the person, and no other."""

from uuid import UUID

import pytest

from commands.privacy.erase_contact import EraseContact, erase_contact
from commands.privacy.request_export import RequestExport, request_export
from domain.privacy.export_filter import ExportFilter
from domain.privacy.names import OPEN_PERSONAL
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.exports.job import Progress
from infra.postgres.erasures import PostgresErasures
from infra.postgres.export_jobs import PostgresExports
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.exporting import run_exports, zipped_lines
from tests.support.http_client import found_house
from workers.erasing import ErasureFinisher
from workers.exporter import ExportWorker
from workers.exports_of_erased import forget_exports
from workers.runtime import Stop

pytestmark = pytest.mark.integration


@pytest.fixture
def workspace(app: Adapters) -> UUID:
    return found_house(app).workspace_id


def imported(app: Adapters, workspace: UUID) -> UUID:
    person = new_id()
    app.log.record([fact(contact_imported(person))], asking(workspace))
    return person


def ask_for(app: Adapters, workspace: UUID, *, opened: bool = True) -> UUID:
    command = RequestExport(export_id=new_id(), filter=ExportFilter(), open_personal=opened)
    request_export(
        command, asking(workspace), app.log, PostgresExports(app.pool), permissions={OPEN_PERSONAL}
    )
    return command.export_id


def states(worker: Adapters) -> dict[UUID, str]:
    with worker.pool.connection() as connection:
        return dict(connection.execute("SELECT export_id, state FROM exports").fetchall())


def erase(worker: Adapters, workspace: UUID, person: UUID) -> list[UUID]:
    worker.vault.destroy(workspace, person)
    return forget_exports(worker, worker="test", workspace_id=workspace, subject=person)


def test_only_the_exports_that_show_the_person_go(
    app: Adapters, worker: Adapters, workspace: UUID
) -> None:
    other = imported(app, workspace)
    without, sealed = ask_for(app, workspace), ask_for(app, workspace, opened=False)
    run_exports(worker)
    person = imported(app, workspace)
    opened = ask_for(app, workspace)
    run_exports(worker)
    assert erase(worker, workspace, person) == [opened]
    assert states(worker) == {without: "completed", sealed: "completed", opened: "deleted"}
    left = {path.stem for path in worker.settings.exports_dir.glob("*/*")}
    assert left == {str(without), str(sealed)}
    deleted = [
        worker.mapper.decode(row.tag, row.data)
        for page in worker.reader.pages(0)
        for row in page
        if row.tag == "privacy.export_deleted.v1"
    ]
    assert [(e.export_id, e.reason) for e in deleted] == [(opened, "person_erased")]  # type: ignore[attr-defined]
    assert erase(worker, workspace, person) == []
    assert erase(worker, workspace, other) == [without]


def test_finishing_an_erasure_takes_the_exports_away(
    app: Adapters, worker: Adapters, workspace: UUID
) -> None:
    person = imported(app, workspace)
    opened = ask_for(app, workspace)
    run_exports(worker)
    erasures = PostgresErasures(worker.pool)
    command = EraseContact(contact_id=person)
    erase_contact(command, asking(workspace), worker.log, erasures, worker.vault)
    finisher = ErasureFinisher(worker, worker="test")
    while erasures.unfinished():
        finisher.step()
    assert states(worker) == {opened: "deleted"}
    assert list(worker.settings.exports_dir.glob("*/*")) == []


def test_an_export_that_is_being_written_begins_again_without_the_person(
    app: Adapters, worker: Adapters, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure comes between the reading of the key and the end of the export."""
    person, other = imported(app, workspace), imported(app, workspace)
    export_id = ask_for(app, workspace)
    holds, met = PostgresExports.holds, list[UUID]()

    def holds_then_erases(self: PostgresExports, progress: Progress, subjects: set[UUID]) -> None:
        holds(self, progress, subjects)
        if not met:
            met.extend(subjects)
            assert erase(worker, workspace, person) == []

    monkeypatch.setattr(PostgresExports, "holds", holds_then_erases)
    exporter = ExportWorker(worker)
    assert exporter.step(Stop())
    assert person in met
    assert list(worker.settings.exports_dir.glob("*/*")) == []
    run_exports(worker)
    assert states(worker) == {export_id: "completed"}
    shown = {
        line["decoded"]["contact_id"]
        for line in zipped_lines(worker.settings, workspace, export_id)
        if "opened" in line
    }
    assert shown == {str(other)}
    assert PostgresExports(worker.pool).holding(workspace, person) == []
