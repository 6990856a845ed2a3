"""Look at a file before it is imported: have it checked, then commit it, or cancel."""

from uuid import UUID

import msgspec

from commands.contacts.import_ports import ImportReviews, StagedImport
from commands.contacts.request_import import RequestImport, declared_consent, record_request
from commands.ports import EventLog
from domain.contacts import decider
from domain.contacts.address_repairs import Repair
from domain.contacts.column_mapping import check_mapping
from domain.contacts.decider import IMPORT
from domain.shared.context import Context
from domain.shared.errors import IllegalTransitionError, NotFoundError

CANCELLED = "cancelled"
CANCELLED_REASON = "Somebody stopped this import; the rows before are imported and stay."


class CheckImport(msgspec.Struct, frozen=True, kw_only=True):
    """Judge every row by this mapping (field -> column header) and with these repairs."""

    import_id: UUID
    mapping: dict[str, str] = {}
    repairs: frozenset[Repair] = frozenset()


class CommitImport(msgspec.Struct, frozen=True, kw_only=True):
    """Import what was reviewed, as it was checked last."""

    import_id: UUID
    consent_source: str = ""
    consent_text: str = ""


class CancelImport(msgspec.Struct, frozen=True, kw_only=True):
    """Forget the file of a review, or stop a running import where it stands."""

    import_id: UUID


def check_import(command: CheckImport, context: Context, reviews: ImportReviews) -> None:
    """Ask for the check. Raises NotFoundError, InvalidInputError, IllegalTransitionError."""
    _staged(reviews, context, command.import_id)
    check_mapping(command.mapping)
    asked = reviews.check(
        context.workspace_id,
        command.import_id,
        mapping=command.mapping,
        repairs=command.repairs,
    )
    if not asked:
        raise _not_under_review()


def commit_import(
    command: CommitImport, context: Context, log: EventLog, reviews: ImportReviews
) -> int:
    """Record the request and hand the file to the importer, in one transaction."""
    staged = _staged(reviews, context, command.import_id)
    if staged.status != "reviewing" or staged.sha256 is None:
        raise _not_under_review()
    request = RequestImport(
        import_id=command.import_id,
        sha256=staged.sha256,
        size_bytes=staged.size_bytes,
        mapping=staged.mapping,
        consent_source=command.consent_source,
        consent_text=command.consent_text,
    )
    begin = reviews.begin(
        context.workspace_id, command.import_id, consent=declared_consent(request, context)
    )
    return record_request(request, context, log, begin)


def cancel_import(
    command: CancelImport, context: Context, log: EventLog, reviews: ImportReviews
) -> int:
    """Return the position of the end of a running import; 0 where nothing had begun."""
    _staged(reviews, context, command.import_id)
    if reviews.drop(context.workspace_id, command.import_id):
        return 0
    cancel = reviews.cancel(
        context.workspace_id, command.import_id, code=CANCELLED, reason=CANCELLED_REASON
    )
    return log.decide(
        IMPORT,
        command.import_id,
        lambda state: decider.cancel_import(
            state, import_id=command.import_id, code=CANCELLED, reason=CANCELLED_REASON
        ),
        context,
        effects=lambda _: [cancel],
    )


def _staged(reviews: ImportReviews, context: Context, import_id: UUID) -> StagedImport:
    staged = reviews.find(context.workspace_id, import_id)
    if staged is None:
        raise NotFoundError("there is no such import in this workspace")
    return staged


def _not_under_review() -> IllegalTransitionError:
    return IllegalTransitionError(
        "the file is being checked, imported, or its import has ended: "
        "look at `status`, and wait, or upload it again"
    )
