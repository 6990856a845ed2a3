"""How does a file under review read, and what would its import do?"""

from itertools import islice
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from domain.contacts.address_repairs import Repair
from domain.contacts.column_guess import guess_columns
from domain.contacts.contact_row import ContactFileError
from domain.contacts.import_report import ImportReport
from domain.shared.errors import InvalidInputError
from infra.files.csv_source import open_contacts
from infra.postgres.import_intake import PostgresImportIntake
from read_api.edge.refusals import RefusalError, not_found
from read_api.edge.tenant_reads import TenantReads
from schemas.http.import_reviews import ImportPreview, ImportProblem, ImportReview

SHOWN_ROWS = 20
ONE: LiteralString = """
SELECT status, report, repairs FROM imports
 WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
"""


class _Row(msgspec.Struct):
    status: str
    report: dict[str, Any] | None
    repairs: list[str]


@get(
    "/v1/contacts/imports/{import_id:uuid}/preview",
    sync_to_thread=True,
    opt={"permission": "contacts:read"},
    summary="How a file under review reads",
    tags=["contacts"],
)
def get_import_preview(
    import_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    intake: NamedDependency[SkipValidation[PostgresImportIntake]],
) -> ImportPreview:
    """Read the first MiB: encoding, separator, columns with a proposal each, the first 20 rows.

    Raises the 404 of an import whose file is not there any more.
    """
    reads.one(_Row, ONE, {"import_id": import_id})
    head = list(islice(intake.read(reads.workspace_id, import_id), 1))
    if not head:
        raise not_found()
    try:
        with open_contacts(head) as file:
            rows = [row.cells for row in islice(file.rows(), SHOWN_ROWS)]
            return ImportPreview(
                encoding=file.encoding.name,
                encoding_note=file.encoding.note,
                delimiter=file.delimiter,
                columns=guess_columns(file.header, rows),
                rows=rows,
            )
    except ContactFileError as error:
        raise InvalidInputError(str(error)) from error


@get(
    "/v1/contacts/imports/{import_id:uuid}/review",
    sync_to_thread=True,
    opt={"permission": "contacts:read"},
    summary="What an import would do",
    tags=["contacts"],
)
def get_import_review(
    import_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> ImportReview:
    """Return the report of the last check, the most frequent problem first."""
    row = reads.one(_Row, ONE, {"import_id": import_id})
    if row.report is None:
        raise RefusalError(
            "not_caught_up",
            "the file is not checked yet: ask for `/check`, and again when `status` is reviewing",
            headers={"retry-after": "1"},
        )
    report = msgspec.convert(row.report, ImportReport)
    problems = sorted(report.problems.values(), key=lambda problem: -problem.rows)
    return ImportReview(
        rows=report.rows,
        valid=report.valid,
        duplicates=report.duplicates,
        invalid=report.invalid,
        empty=report.empty,
        repairs=[Repair(repair) for repair in row.repairs],
        problems=[ImportProblem(**msgspec.structs.asdict(problem)) for problem in problems],
    )
