"""What commands need from the outside world, as protocols; `infra` provides them."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.developer.events import ApiTokenIssued, ApiTokenRotated
from domain.privacy.events import DataScope
from domain.privacy.export_filter import ExportFilter
from domain.shared.context import Context
from domain.shared.model import Event, Fact, StreamModel

S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Effect(Protocol):
    """A change of working state that belongs into the transaction of the append.

    Opaque to commands: adapters make effects, the log applies them after the events are in.
    """

    def apply(self, cursor: object) -> None:
        """Run in the open transaction of the append; may run again when the append is retried."""


class EventLog(Protocol):
    """The log: two ways in, one order."""

    def decide(
        self,
        model: StreamModel[S, E],
        stream_id: UUID,
        decision: Callable[[S], Sequence[E]],
        context: Context,
        *,
        effects: Callable[[Sequence[E]], Sequence[Effect]] = ...,
        fresh: bool = ...,
    ) -> int:
        """Fold the stream, ask the decision, append its events; return the log position.

        `fresh` says that the stream's id is new: the decision is first asked without reading it,
        and asked again when the stream turns out to have events.

        A lost race is decided again a bounded number of times, then ConcurrentChangeError. The
        same `context.command_id` again returns the first answer without deciding. No events:
        nothing is appended, and the position of the stream's last event is returned (0 if none).
        """

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        """Append facts in one transaction; return the last position.

        A fact whose id is in the log already is left out; the others go in. The same
        `context.command_id` again returns the first answer and applies no effect.
        """

    def state(self, model: StreamModel[S, E], stream_id: UUID, context: Context) -> S:
        """Fold the stream as it is now."""


class Ids(Protocol):
    """New, time-ordered, unguessable ids."""

    def new(self) -> UUID:
        """Return a UUIDv7 (RFC 9562, 5.7)."""


class DoNotMail(Protocol):
    """The list that the dispatcher asks before each claim."""

    def add(
        self,
        workspace_id: UUID,
        contact_id: UUID,
        *,
        reason: str,
        cause: str = "",
        expires_at: datetime | None = None,
    ) -> Effect:
        """Return the effect that puts a contact on the list, until an instant if one is given.

        `reason` is what a skip says, `cause` tells several suppressions of one contact apart.
        """

    def take_off(
        self, workspace_id: UUID, contact_id: UUID, *, reason: str, cause: str = ""
    ) -> Effect:
        """Return the effect that takes one entry off, with `cause` only that of this cause."""


class ParkedEvents(Protocol):
    """What waits because a read model or a policy could not take it."""

    def skip(self, workspace_id: UUID, follower: str, *, position: int) -> Effect:
        """Return the effect that drops an event from waiting and notes that it is left out.

        It undoes the append when the event does not wait any more.
        """


class ApiTokens(Protocol):
    """Which secrets are good."""

    def add(self, workspace_id: UUID, issued: ApiTokenIssued, *, issued_by: str) -> Effect:
        """Return the effect that lets a secret in."""

    def rotate(self, workspace_id: UUID, rotated: ApiTokenRotated) -> Effect:
        """Return the effect that lets a new secret in, and the last one until its end."""

    def revoke(self, workspace_id: UUID, token_id: UUID) -> Effect:
        """Return the effect that refuses it from now on."""


class DeclaredConsent(msgspec.Struct, frozen=True, kw_only=True):
    """By whose word the people of a file agreed to get mail, where, and to which words."""

    requested_by: str
    source: str = ""
    text: str = ""


class ImportIntake(Protocol):
    """Uploaded files that wait for the importer."""

    def begin(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        size_bytes: int,
        consent: DeclaredConsent,
    ) -> Effect:
        """Return the effect that hands a stored file to the importer."""


class Exports(Protocol):
    """Exports of the log and of data that wait for the exporter, or are there."""

    def begin(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        wanted: ExportFilter,
        open_personal: bool,
        requested_by: str,
    ) -> Effect:
        """Return the effect that hands an export to the exporter."""

    def begin_data(
        self,
        workspace_id: UUID,
        export_id: UUID,
        *,
        scope: DataScope,
        contact_id: UUID | None,
        requested_by: str,
    ) -> Effect:
        """Return the effect that hands an export of a person's or all data to the exporter."""

    def delete(self, workspace_id: UUID, export_id: UUID) -> Effect:
        """Return the effect that ends it, so that its files go."""


class SystemMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that the system itself writes to one person: verify, reset, invite.

    `kind` names its text (domain/delivery/system_mail.py) and `values` fill it: links, names.
    `subject_id` is the person whose key seals address and values until the mail is out. After
    `expires_at` nobody wants it any more. The same `mail_id` again is the same mail. With
    `sandbox` (whatever a test key causes) it reaches only the sandbox.
    """

    workspace_id: UUID
    mail_id: UUID
    kind: str
    subject_id: UUID
    to_address: str
    values: dict[str, str]
    expires_at: datetime
    sandbox: bool = False

    def __repr__(self) -> str:
        """Show neither the address nor the links."""
        return f"SystemMail({self.kind!r}, {self.mail_id})"


class SystemMails(Protocol):
    """The transactional lane: sent at least once, before bulk mail."""

    def queue(self, mail: SystemMail) -> Effect:
        """Return the effect that hands a mail to the dispatcher."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token bucket answered: when it refused, after how many seconds it would not."""

    allowed: bool
    remaining: float
    retry_after_s: float = 0.0


class RateLimits(Protocol):
    """Token buckets that all processes share."""

    def take(self, bucket: str, capacity: float, refill_per_s: float, tokens: float = 1) -> Grant:
        """Take the tokens, or none; a bucket that was never asked for is full."""


class CleanedHtml(Protocol):
    """What a sanitizer gives back: safe HTML, and what it removed and where."""

    @property
    def html(self) -> str:
        """The whole document, safe to send."""

    @property
    def warnings(self) -> Sequence[str]:
        """A sentence for each thing that was removed or changed."""


class Sanitizer(Protocol):
    """Makes foreign HTML safe."""

    def clean(self, html: str) -> CleanedHtml:
        """Return the cleaned document. Raises a DomainError for what cannot be made safe."""


class Snapshots(Protocol):
    """Frozen contents of campaigns, named by their digest."""

    def add(self, workspace_id: UUID, *, sha256: str, content: bytes) -> Effect:
        """Return the effect that stores the content (JSON), unless it is there already."""


class CampaignRuns(Protocol):
    """The gate that the dispatcher asks before each claim, one row a campaign."""

    def schedule(
        self,
        workspace_id: UUID,
        campaign_id: UUID,
        *,
        send_at: datetime,
        snapshot: str,
        sandbox: bool = False,
    ) -> Effect:
        """Return the effect that puts the campaign on the calendar, its gate shut."""

    def unschedule(self, workspace_id: UUID, campaign_id: UUID) -> Effect:
        """Return the effect that takes it off again, as if it had never been there."""

    def launch(self, workspace_id: UUID, campaign_id: UUID, *, launched_at: datetime) -> Effect:
        """Return the effect that opens the gate and lets the audience be expanded."""

    def pause(self, workspace_id: UUID, campaign_id: UUID) -> Effect:
        """Return the effect that shuts the gate for now."""

    def resume(self, workspace_id: UUID, campaign_id: UUID) -> Effect:
        """Return the effect that opens it again."""

    def cancel(self, workspace_id: UUID, campaign_id: UUID) -> Effect:
        """Return the effect that shuts the gate for good; what is queued will be skipped."""


class SenderDomains(Protocol):
    """Which domains mail may be sent from; an installation may let everybody send from any."""

    def require(self, workspace_id: UUID, domain: str) -> None:
        """Raise SendingDomainUnverifiedError unless mail of this domain may leave."""

    def require_scheduled(self, workspace_id: UUID, campaign_id: UUID) -> None:
        """Do the same for the domain of a campaign on the calendar."""


class Audience(Protocol):
    """Who can be mailed, and what is known of them."""

    def anybody(self, workspace_id: UUID) -> bool:
        """Return whether there is a contact that may be mailed now."""

    def known_fields(self, workspace_id: UUID, names: AbstractSet[str]) -> frozenset[str]:
        """Return those of the names that are custom fields of at least one contact."""
