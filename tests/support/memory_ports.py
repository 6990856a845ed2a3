"""Ports of the commands in memory: effects are remembered by what they say."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

import msgspec

from commands.contacts.ports import Addressee, Entry
from commands.ports import SystemMail
from commands.privacy.ports import BegunErasure
from commands.tenancy.ports import FoundInvitation
from domain.contacts.events import SuppressionReason
from domain.delivery.sending_domain import require_verified
from domain.delivery.system_mail import compose
from domain.developer.events import ApiTokenIssued, ApiTokenRotated
from domain.privacy.events import DataScope
from domain.privacy.export_filter import ExportFilter
from domain.privacy.retention_settings import RetentionSettings
from domain.privacy.trash import Kind
from domain.shared.context import Context
from domain.tenancy.events import MemberInvited


class Said(msgspec.Struct, frozen=True):
    """An effect: which port was asked for what."""

    what: str
    about: object = None

    def apply(self, cursor: object) -> None:
        """Nothing: there is no database."""


class MemorySnapshots:
    """The port `commands.ports.Snapshots`."""

    def add(self, workspace_id: UUID, *, sha256: str, content: bytes) -> Said:
        del workspace_id
        return Said(f"snapshot {sha256}", content)


class MemoryCampaignRuns:
    """The port `commands.ports.CampaignRuns`."""

    def schedule(
        self,
        workspace_id: UUID,
        campaign_id: UUID,
        *,
        send_at: datetime,
        snapshot: str,
        sandbox: bool = False,
    ) -> Said:
        del workspace_id, campaign_id
        return Said(f"schedule {snapshot}{' in the sandbox' if sandbox else ''}", send_at)

    def unschedule(self, workspace_id: UUID, campaign_id: UUID) -> Said:
        del workspace_id
        return Said("unschedule", campaign_id)

    def launch(self, workspace_id: UUID, campaign_id: UUID, *, launched_at: datetime) -> Said:
        del workspace_id, campaign_id
        return Said("launch", launched_at)

    def pause(self, workspace_id: UUID, campaign_id: UUID) -> Said:
        del workspace_id
        return Said("pause", campaign_id)

    def resume(self, workspace_id: UUID, campaign_id: UUID) -> Said:
        del workspace_id
        return Said("resume", campaign_id)

    def cancel(self, workspace_id: UUID, campaign_id: UUID) -> Said:
        del workspace_id
        return Said("cancel", campaign_id)


class MemorySenderDomains:
    """The port `commands.ports.SenderDomains`: a domain is as it is told, else as absent."""

    def __init__(self, status: str = "verified") -> None:
        self._status = status

    def require(self, workspace_id: UUID, domain: str) -> None:
        del workspace_id
        require_verified(self._status, domain=domain)

    def require_scheduled(self, workspace_id: UUID, campaign_id: UUID) -> None:
        del campaign_id
        self.require(workspace_id, "acme.example")


class MemoryAudience:
    """The port `commands.ports.Audience`."""

    def __init__(self, *, people: bool = True, fields: AbstractSet[str] = frozenset()) -> None:
        self.people = people
        self.fields = fields

    def anybody(self, workspace_id: UUID) -> bool:
        del workspace_id
        return self.people

    def known_fields(self, workspace_id: UUID, names: AbstractSet[str]) -> frozenset[str]:
        del workspace_id
        return frozenset(names & self.fields)


class MemoryDoNotMail:
    """The port `commands.ports.DoNotMail`."""

    def add(
        self,
        workspace_id: UUID,
        contact_id: UUID,
        *,
        reason: str,
        cause: str = "",
        expires_at: datetime | None = None,
    ) -> Said:
        del workspace_id
        until = f" until {expires_at}" if expires_at else ""
        return Said(f"do not mail: {reason} {cause}".strip() + until, contact_id)

    def take_off(
        self, workspace_id: UUID, contact_id: UUID, *, reason: str, cause: str = ""
    ) -> Said:
        del workspace_id
        return Said(f"mail again: {reason} {cause}".strip(), contact_id)


class MemoryAddresses:
    """The port `commands.contacts.ports.Addresses`: known addresses, and what stops whom."""

    def __init__(
        self, known: dict[str, UUID], standing: dict[UUID, set[SuppressionReason]]
    ) -> None:
        self.known = known
        self.stopped = standing

    def find(self, workspace_id: UUID, emails: Sequence[str]) -> list[Addressee | None]:
        return [self._one(workspace_id, email) for email in emails]

    def _one(self, workspace_id: UUID, email: str) -> Addressee | None:
        if "@" not in email:
            return None
        new = email not in self.known
        return Addressee(self.known.get(email, workspace_id), email.encode(), email, is_new=new)

    def list(self, workspace_id: UUID, addressees: Sequence[Addressee]) -> Said:
        del workspace_id
        return Said("keep", tuple(who.email for who in addressees))

    def stop(self, workspace_id: UUID, entries: Sequence[Entry]) -> Said:
        del workspace_id
        return Said("stop", tuple(entries))

    def standing(self, workspace_id: UUID, contact_id: UUID) -> set[SuppressionReason]:
        del workspace_id
        return self.stopped.get(contact_id, set())


class MemorySystemMails:
    """The port `commands.ports.SystemMails`: `queued` are those asked for, whether appended or not.

    The effects say which mail goes with an append.
    """

    def __init__(self) -> None:
        self.queued: list[SystemMail] = []

    def queue(self, mail: SystemMail) -> Said:
        compose(mail.kind, mail.values, expires_at=mail.expires_at)
        self.queued.append(mail)
        return Said(f"mail {mail.kind}", mail)


class MemoryApiTokens:
    """The port `commands.ports.ApiTokens`."""

    def add(self, workspace_id: UUID, issued: ApiTokenIssued, *, issued_by: str) -> Said:
        return Said("let in", (workspace_id, issued, issued_by))

    def rotate(self, workspace_id: UUID, rotated: ApiTokenRotated) -> Said:
        return Said("let in too", (workspace_id, rotated))

    def revoke(self, workspace_id: UUID, token_id: UUID) -> Said:
        return Said("refuse", (workspace_id, token_id))


class MemoryErasure:
    """The ports `Erasures` and `SubjectKeys` in memory, and in which order they were used."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.begun: BegunErasure | None = None

    def begin(self, contact_id: UUID, context: Context, *, key_sha256: str) -> BegunErasure:
        del contact_id
        self.taken.append("begin")
        self.begun = self.begun or BegunErasure(context, key_sha256)
        return self.begun

    def scrub(self, workspace_id: UUID, contact_id: UUID) -> Said:
        del workspace_id
        return Said("scrub", contact_id)

    def fingerprint(self, workspace_id: UUID, subject: UUID) -> str:
        del workspace_id, subject
        return "" if "destroy" in self.taken else "f00d"

    def destroy(self, workspace_id: UUID, subject: UUID) -> bool:
        del workspace_id, subject
        self.taken.append("destroy")
        return True


class MemoryTrash:
    """The port `commands.privacy.ports.Trash`."""

    def put(self, kind: Kind, thing_id: UUID, context: Context, *, purge_at: datetime) -> Said:
        del thing_id, context
        return Said(f"put {kind}", purge_at)

    def take_out(self, kind: Kind, thing_id: UUID, workspace_id: UUID) -> Said:
        del workspace_id
        return Said(f"take out {kind}", thing_id)


class MemoryRetentionRules:
    """The port `commands.privacy.ports.RetentionRules`."""

    def keep(self, workspace_id: UUID, settings: RetentionSettings) -> Said:
        del workspace_id
        return Said("keep", settings)


class MemoryMembers:
    """The port `commands.tenancy.ports.Members`."""

    def put(self, workspace_id: UUID, user_id: UUID, *, role: str) -> Said:
        return Said(f"let in as {role}", (workspace_id, user_id))

    def drop(self, workspace_id: UUID, user_id: UUID) -> Said:
        return Said("refuse", (workspace_id, user_id))


class MemoryInvitations:
    """The port `commands.tenancy.ports.Invitations`, told what it finds."""

    def __init__(self, found: FoundInvitation | None = None, waiting: UUID | None = None) -> None:
        self._found, self._waiting = found, waiting

    def open(self, workspace_id: UUID, invited: MemberInvited, *, invited_by: str) -> Said:
        return Said("open", (workspace_id, invited.invitation_id, invited_by))

    def renew(
        self, workspace_id: UUID, invitation_id: UUID, *, sha256: str, expires_at: datetime
    ) -> Said:
        return Said("renew", (workspace_id, invitation_id, sha256, expires_at))

    def end(self, workspace_id: UUID, invitation_id: UUID, *, state: str) -> Said:
        return Said(f"end: {state}", (workspace_id, invitation_id))

    def waiting(self, workspace_id: UUID, email: str) -> UUID | None:
        del workspace_id, email
        return self._waiting

    def address(self, workspace_id: UUID, invitation_id: UUID) -> str | None:
        del workspace_id, invitation_id
        return "ann@example.com"

    def find(self, sha256: str) -> FoundInvitation | None:
        del sha256
        return self._found


class MemoryVerifiedAddresses:
    """The port `commands.tenancy.ports.VerifiedAddresses`: everybody has this one."""

    def __init__(self, address_key: bytes | None = b"ann") -> None:
        self._key = address_key

    def key_of(self, user_id: UUID) -> bytes | None:
        del user_id
        return self._key


class MemoryExports:
    """The port `commands.ports.Exports`."""

    def begin(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        wanted: ExportFilter,
        open_personal: bool,
        requested_by: str,
    ) -> Said:
        del workspace_id, export_id, open_personal, requested_by
        return Said("export log", wanted)

    def begin_data(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        scope: DataScope,
        contact_id: UUID | None,
        requested_by: str,
    ) -> Said:
        del workspace_id, export_id, requested_by
        return Said(f"export {scope}", contact_id)

    def delete(self, workspace_id: UUID, export_id: UUID) -> Said:
        del workspace_id
        return Said("delete export", export_id)
