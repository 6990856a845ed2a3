"""The life of an export of data, beside that of an export of the log."""

from uuid import UUID, uuid4

import pytest

from commands.privacy.request_data_export import RequestDataExport, request_data_export
from domain.privacy import export
from domain.privacy.events import (
    DataExportCompleted,
    DataExportRequested,
    DataScope,
    DeletionReason,
    ExportDeleted,
    ExportRequested,
)
from domain.privacy.export import EXPORT, Export, Status
from domain.privacy.export_filter import ExportFilter
from domain.shared.errors import IllegalTransitionError, NotFoundError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryExports, Said
from tests.support.scenario import Scenario

ID, ANN, WORKSPACE = uuid4(), uuid4(), uuid4()
REQUESTED = DataExportRequested(export_id=ID, scope=DataScope.WORKSPACE)
DONE = DataExportCompleted(export_id=ID, records=3, sha256="ab")


@pytest.mark.parametrize(
    ("contact_id", "scope"), [(ANN, DataScope.CONTACT), (None, DataScope.WORKSPACE)]
)
def test_a_request_is_recorded_and_handed_to_the_exporter(
    contact_id: UUID | None, scope: DataScope
) -> None:
    log = MemoryEventLog()
    command = RequestDataExport(export_id=ID, contact_id=contact_id)
    assert request_data_export(command, asking(WORKSPACE), log, MemoryExports()) == 1
    asked = DataExportRequested(export_id=ID, scope=scope, contact_id=contact_id)
    assert log.events == [(WORKSPACE, ID, asked)]
    assert log.effects == [Said(f"export {scope}", contact_id)]
    with pytest.raises(IllegalTransitionError):
        request_data_export(command, asking(WORKSPACE), log, MemoryExports())


def test_it_ends_as_every_export_does() -> None:
    state = (
        Scenario(EXPORT)
        .given(REQUESTED)
        .when(lambda e: export.complete(e, outcome=DONE))
        .then(DONE)
    )
    assert state == Export(Status.COMPLETED, of_data=True)


def delete(state: Export, *, of_data: bool | None) -> list[export.ExportEvent]:
    return export.delete(state, export_id=ID, reason=DeletionReason.REQUESTED, of_data=of_data)


def test_who_may_delete_one_sort_does_not_find_the_other() -> None:
    of_log = ExportRequested(export_id=ID, filter=ExportFilter(), open_personal=False)
    gone = ExportDeleted(export_id=ID, reason=DeletionReason.REQUESTED)
    for asked, of_data in ((REQUESTED, True), (of_log, False)):
        for sort in (of_data, None):
            Scenario(EXPORT).given(asked).when(lambda e, s=sort: delete(e, of_data=s)).then(gone)  # type: ignore[misc]
        Scenario(EXPORT).given(asked).when(
            lambda e, s=not of_data: delete(e, of_data=s)  # type: ignore[misc]
        ).refused(NotFoundError, "no such export")
