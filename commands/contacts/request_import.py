"""Accept an uploaded contact file; the importer does the rest."""

from uuid import UUID

import msgspec

from commands.ports import DeclaredConsent, Effect, EventLog, ImportIntake
from domain.contacts import decider
from domain.contacts.decider import IMPORT
from domain.shared.context import Context


class RequestImport(msgspec.Struct, frozen=True, kw_only=True):
    """Import the stored file. `mapping` is field -> column header; empty: by the headers.

    `consent_source` and `consent_text`: where its people agreed to get mail, and to which words.
    """

    import_id: UUID
    sha256: str
    size_bytes: int
    mapping: dict[str, str] = {}
    consent_source: str = ""
    consent_text: str = ""


def request_import(
    command: RequestImport, context: Context, log: EventLog, intake: ImportIntake
) -> int:
    """Record the request and hand the file to the importer, in one transaction."""
    begin = intake.begin(
        context.workspace_id,
        command.import_id,
        mapping=command.mapping,
        size_bytes=command.size_bytes,
        consent=declared_consent(command, context),
    )
    return record_request(command, context, log, begin)


def declared_consent(command: RequestImport, context: Context) -> DeclaredConsent:
    """Return how the people of the file agreed, as whoever imports it says."""
    return DeclaredConsent(
        requested_by=context.actor,
        source=command.consent_source.strip(),
        text=command.consent_text.strip(),
    )


def record_request(command: RequestImport, context: Context, log: EventLog, begin: Effect) -> int:
    """Record the request together with the effect that hands the file to the importer."""
    return log.decide(
        IMPORT,
        command.import_id,
        lambda state: decider.request_import(
            state,
            import_id=command.import_id,
            sha256=command.sha256,
            size_bytes=command.size_bytes,
            mapping=command.mapping,
            consent_source=command.consent_source,
            consent_text=command.consent_text,
        ),
        context,
        effects=lambda _: [begin],
    )
