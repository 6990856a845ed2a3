"""The vocabulary of workspaces."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event
from domain.shared.personal import Personal
from domain.tenancy.roles import Role


class Step(StrEnum):
    """What a new workspace is asked for, in this order."""

    WORKSPACE = "workspace"
    SENDER = "sender"
    SENDING_DOMAIN = "sending_domain"
    VOLUME_AND_GOAL = "volume_and_goal"
    CONTACTS = "contacts"


class WorkspaceCreated(Event, frozen=True):
    """A company has a place of its own; it cannot send without a postal address (CAN-SPAM)."""

    TAG: ClassVar[str] = "tenancy.workspace_created.v1"
    workspace_id: UUID
    name: str
    sender_name: str
    sender_address: str
    postal_address: str


class WorkspaceRenamed(Event, frozen=True):
    """Its people call it by another name; what is sent does not change."""

    TAG: ClassVar[str] = "tenancy.workspace_renamed.v1"
    name: str


class BrandNamed(Event, frozen=True):
    """What the recipients know the company as."""

    TAG: ClassVar[str] = "tenancy.brand_named.v1"
    brand_name: str


class SenderChosen(Event, frozen=True):
    """As whom it sends from now on; campaigns that are frozen keep theirs."""

    TAG: ClassVar[str] = "tenancy.sender_chosen.v1"
    sender_name: str
    sender_address: str


class PostalAddressChosen(Event, frozen=True):
    """Which postal address stands in its mail from now on."""

    TAG: ClassVar[str] = "tenancy.postal_address_chosen.v1"
    postal_address: str


class TimeZoneChosen(Event, frozen=True):
    """By which clock its people think; an IANA name."""

    TAG: ClassVar[str] = "tenancy.time_zone_chosen.v1"
    time_zone: str


class MemberJoined(Event, frozen=True):
    """A person belongs to the workspace, by founding it or by an invitation, which is used up."""

    TAG: ClassVar[str] = "tenancy.member_joined.v1"
    user_id: UUID
    role: Role
    invitation_id: UUID | None = None


class MemberRoleChanged(Event, frozen=True):
    """A member may do other things from the next request on."""

    TAG: ClassVar[str] = "tenancy.member_role_changed.v1"
    user_id: UUID
    role: Role
    before: Role


class MemberRemoved(Event, frozen=True):
    """Somebody else ended the membership."""

    TAG: ClassVar[str] = "tenancy.member_removed.v1"
    user_id: UUID


class MemberLeft(Event, frozen=True):
    """The person ended the membership."""

    TAG: ClassVar[str] = "tenancy.member_left.v1"
    user_id: UUID


class MemberInvited(Event, frozen=True):
    """Whoever has this address may join; without `invited_by` the installation's operator asks."""

    TAG: ClassVar[str] = "tenancy.member_invited.v1"
    SUBJECT: ClassVar[str | None] = "invitation_id"
    invitation_id: UUID
    role: Role
    token_sha256: str
    expires_at: datetime
    invited_by: UUID | None = None
    email: Personal[str | None] = None


class InvitationSentAgain(Event, frozen=True):
    """Another link was mailed; the ones before are not good any more."""

    TAG: ClassVar[str] = "tenancy.invitation_sent_again.v1"
    invitation_id: UUID
    token_sha256: str
    expires_at: datetime


class InvitationRevoked(Event, frozen=True):
    """The invitation was taken back."""

    TAG: ClassVar[str] = "tenancy.invitation_revoked.v1"
    invitation_id: UUID


class InvitationExpired(Event, frozen=True):
    """Nobody came in time."""

    TAG: ClassVar[str] = "tenancy.invitation_expired.v1"
    invitation_id: UUID


class SendingDomainNamed(Event, frozen=True):
    """From which domain it wants to send; nothing is proved about it yet."""

    TAG: ClassVar[str] = "tenancy.sending_domain_named.v1"
    sending_domain: str


class SendingPlanned(Event, frozen=True):
    """How much it means to send, and what for."""

    TAG: ClassVar[str] = "tenancy.sending_planned.v1"
    mails_per_month: int
    goal: str


class OnboardingStepAnswered(Event, frozen=True):
    """A question to a new workspace has its answer, which the other events of the commit hold."""

    TAG: ClassVar[str] = "tenancy.onboarding_step_answered.v1"
    step: Step


class OnboardingStepSkipped(Event, frozen=True):
    """A question to a new workspace is left open for now."""

    TAG: ClassVar[str] = "tenancy.onboarding_step_skipped.v1"
    step: Step


TenancyEvent = (
    WorkspaceCreated
    | WorkspaceRenamed
    | BrandNamed
    | SenderChosen
    | PostalAddressChosen
    | TimeZoneChosen
    | MemberJoined
    | MemberRoleChanged
    | MemberRemoved
    | MemberLeft
    | MemberInvited
    | InvitationSentAgain
    | InvitationRevoked
    | InvitationExpired
    | SendingDomainNamed
    | SendingPlanned
    | OnboardingStepAnswered
    | OnboardingStepSkipped
)
EVENTS: tuple[type[Event], ...] = TenancyEvent.__args__
