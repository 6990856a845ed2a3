"""Consent of one contact, and the life of one import."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec

from domain.contacts.column_mapping import check_mapping
from domain.contacts.events import (
    AddressListed,
    Channel,
    ConsentEvent,
    ConsentGiven,
    ContactDeleted,
    ContactPurged,
    ContactRestored,
    ContactSuppressed,
    ContactUnsubscribed,
    ImportCompleted,
    ImportEvent,
    ImportFailed,
    ImportRequested,
    SuppressionLifted,
    SuppressionReason,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.shared.model import StreamModel


class Consent(msgspec.Struct, frozen=True):
    """Whether this person may be mailed; `deleted` is in the trash, `purged` has left it.

    `suppressed` tells until when for each reason; None is for ever.
    """

    unsubscribed: bool = False
    suppressed: Mapping[SuppressionReason, datetime | None] = {}
    deleted: bool = False
    purged: bool = False


def give_consent(
    consent: Consent, *, contact_id: UUID, source: str, text: str, given_at: datetime, now: datetime
) -> list[ConsentEvent]:
    """Record where the person agreed, and to which words.

    Raises IllegalTransitionError after an unsubscription: who left comes back by own will, not by
    somebody's word for it; InvalidInputError for an agreement of the future or without a source.
    """
    if consent.unsubscribed:
        raise IllegalTransitionError(
            "the person unsubscribed: a consent that somebody else records cannot undo that"
        )
    if given_at > now:
        raise InvalidInputError("`given_at` is in the future: say when the person agreed")
    if not source.strip():
        raise InvalidInputError("a consent needs a source: say where the person agreed")
    return [
        ConsentGiven(
            contact_id=contact_id, source=source.strip(), text=text.strip(), given_at=given_at
        )
    ]


def unsubscribe(
    consent: Consent, *, contact_id: UUID, via: Channel, campaign_id: UUID | None
) -> list[ConsentEvent]:
    """Honour the wish. The second time nothing is new, and nothing is recorded."""
    if consent.unsubscribed:
        return []
    return [ContactUnsubscribed(contact_id=contact_id, via=via, campaign_id=campaign_id)]


def evolve_consent(consent: Consent, event: ConsentEvent) -> Consent:
    """Fold one fact of a person's consent."""
    changes: dict[str, object] = {}
    match event:
        case ContactUnsubscribed():
            changes["unsubscribed"] = True
        case ContactSuppressed():
            changes["suppressed"] = {**consent.suppressed, event.reason: event.expires_at}
        case SuppressionLifted(reason=SuppressionReason.UNSUBSCRIBED):
            changes["unsubscribed"] = False
        case SuppressionLifted(reason=reason):
            changes["suppressed"] = {w: e for w, e in consent.suppressed.items() if w != reason}
        case AddressListed() | ConsentGiven():
            pass
        case ContactDeleted():
            changes["deleted"] = True
        case ContactRestored():
            changes["deleted"] = False
        case ContactPurged():
            changes["purged"] = True
        case _:
            assert_never(event)
    return msgspec.structs.replace(consent, **changes)


CONSENT: StreamModel[Consent, ConsentEvent] = StreamModel(
    name="consent", initial=Consent(), evolve=evolve_consent
)


class ImportStatus(StrEnum):
    """Where an import is in its life."""

    ABSENT = "absent"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Import(msgspec.Struct, frozen=True):
    """What later decisions need to know of an import."""

    status: ImportStatus = ImportStatus.ABSENT


def request_import(
    state: Import,
    *,
    import_id: UUID,
    sha256: str,
    size_bytes: int,
    mapping: dict[str, str],
    consent_source: str = "",
    consent_text: str = "",
) -> list[ImportEvent]:
    """Accept a file for import."""
    if state.status is not ImportStatus.ABSENT:
        raise IllegalTransitionError("an import with this id exists already; use a new id")
    check_mapping(mapping)
    return [
        ImportRequested(
            import_id=import_id,
            sha256=sha256,
            size_bytes=size_bytes,
            mapping=mapping,
            consent_source=consent_source.strip(),
            consent_text=consent_text.strip(),
        )
    ]


def complete_import(state: Import, *, outcome: ImportCompleted) -> list[ImportEvent]:
    """Close an import with its figures; says nothing when it is closed already."""
    return [outcome] if state.status is ImportStatus.RUNNING else []


def fail_import(state: Import, *, import_id: UUID, code: str, reason: str) -> list[ImportEvent]:
    """Close an import whose file cannot be read further."""
    if state.status is not ImportStatus.RUNNING:
        return []
    return [ImportFailed(import_id=import_id, code=code, reason=reason)]


def cancel_import(state: Import, *, import_id: UUID, code: str, reason: str) -> list[ImportEvent]:
    """Stop a running import. Raises IllegalTransitionError when it has ended."""
    if state.status is not ImportStatus.RUNNING:
        raise IllegalTransitionError("the import has ended: there is nothing left to cancel")
    return fail_import(state, import_id=import_id, code=code, reason=reason)


def evolve_import(state: Import, event: ImportEvent) -> Import:  # noqa: ARG001 the last counts
    """Fold one fact of an import."""
    match event:
        case ImportRequested():
            return Import(status=ImportStatus.RUNNING)
        case ImportCompleted():
            return Import(status=ImportStatus.COMPLETED)
        case ImportFailed():
            return Import(status=ImportStatus.FAILED)
        case _:
            assert_never(event)


IMPORT: StreamModel[Import, ImportEvent] = StreamModel(
    name="import", initial=Import(), evolve=evolve_import
)
