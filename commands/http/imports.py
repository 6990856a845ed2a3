"""Write routes of a file under review: check it, commit it, or cancel."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.contacts.import_ports import ImportReviews
from commands.contacts.review_import import (
    CancelImport,
    CheckImport,
    CommitImport,
    cancel_import,
    check_import,
    commit_import,
)
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.import_reviews import ImportCheck, ImportCommit


@post(
    "/v1/contacts/imports/{import_id:uuid}/check",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Check a file under review",
    tags=["contacts"],
)
def post_import_check(
    import_id: FromPath[UUID],
    data: JSONBody[ImportCheck],
    context: NamedDependency[SkipValidation[Context]],
    import_reviews: NamedDependency[SkipValidation[ImportReviews]],
) -> Accepted:
    """Judge every row, and write none; the report is at `/review` when `status` is reviewing."""
    command = CheckImport(
        import_id=import_id, mapping=data.mapping, repairs=frozenset(data.repairs)
    )
    check_import(command, context, import_reviews)
    return Accepted(id=import_id, position=0)


@post(
    "/v1/contacts/imports/{import_id:uuid}/commit",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Import a file that was reviewed",
    tags=["contacts"],
)
def post_import_commit(
    import_id: FromPath[UUID],
    data: JSONBody[ImportCommit],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    import_reviews: NamedDependency[SkipValidation[ImportReviews]],
) -> Accepted:
    """Hand the file to the importer, with the mapping and the repairs of the last check."""
    command = CommitImport(
        import_id=import_id,
        consent_source=data.consent_source,
        consent_text=data.consent_text,
    )
    return Accepted(id=import_id, position=commit_import(command, context, log, import_reviews))


@post(
    "/v1/contacts/imports/{import_id:uuid}/cancel",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Cancel an import",
    tags=["contacts"],
)
def post_import_cancel(
    import_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    import_reviews: NamedDependency[SkipValidation[ImportReviews]],
) -> Accepted:
    """Forget a file under review, or stop a running import: the rows before stay imported."""
    command = CancelImport(import_id=import_id)
    return Accepted(id=import_id, position=cancel_import(command, context, log, import_reviews))
