"""The vocabulary of campaigns."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class CampaignDrafted(Event, frozen=True):
    """Somebody plans a campaign with this template."""

    TAG: ClassVar[str] = "campaigns.campaign_drafted.v1"
    campaign_id: UUID
    name: str
    template_id: UUID


class CampaignRevised(Event, frozen=True):
    """The plan of a draft was changed: the whole of it, version by version (a draft is 1).

    An empty `subject` is the template's; sender and reply address empty are the workspace's.
    """

    TAG: ClassVar[str] = "campaigns.campaign_revised.v1"
    campaign_id: UUID
    version: int
    name: str
    template_id: UUID
    subject: str = ""
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""


class CampaignUnscheduled(Event, frozen=True):
    """The campaign is off the calendar and a draft again, before anything was sent."""

    TAG: ClassVar[str] = "campaigns.campaign_unscheduled.v1"
    campaign_id: UUID


class CampaignScheduled(Event, frozen=True):
    """The campaign will start at `send_at`; `snapshot` is the digest of what will be sent.

    A `sandbox` campaign was scheduled by a test key: it goes to the sandbox, whoever launches it.
    """

    TAG: ClassVar[str] = "campaigns.campaign_scheduled.v1"
    campaign_id: UUID
    send_at: datetime
    snapshot: str
    sandbox: bool = False


class CampaignLaunched(Event, frozen=True):
    """Sending begins: the audience is who was contactable when this was appended."""

    TAG: ClassVar[str] = "campaigns.campaign_launched.v1"
    campaign_id: UUID
    launched_at: datetime
    snapshot: str
    sandbox: bool = False


class AudienceFrozen(Event, frozen=True):
    """Every contact of the launch is queued or skipped with a reason; nobody is added later."""

    TAG: ClassVar[str] = "campaigns.audience_frozen.v1"
    campaign_id: UUID
    queued: int
    skipped: int


class CampaignPaused(Event, frozen=True):
    """No further message is handed over until somebody resumes.

    Where a rule did it: why in words, the rate and its limit, how many of how many messages, and
    the ids of some of them (base64, at most 5).
    """

    TAG: ClassVar[str] = "campaigns.campaign_paused.v1"
    campaign_id: UUID
    reason: str = ""
    rate: float | None = None
    limit: float | None = None
    bad: int = 0
    counted: int = 0
    messages: str = ""


class CampaignResumed(Event, frozen=True):
    """Sending goes on where it stopped."""

    TAG: ClassVar[str] = "campaigns.campaign_resumed.v1"
    campaign_id: UUID


class CampaignCancelled(Event, frozen=True):
    """What is still queued is skipped with this as its reason; what was sent stays sent."""

    TAG: ClassVar[str] = "campaigns.campaign_cancelled.v1"
    campaign_id: UUID


class CampaignCompleted(Event, frozen=True):
    """Every queued message has a final outcome."""

    TAG: ClassVar[str] = "campaigns.campaign_completed.v1"
    campaign_id: UUID


class CampaignDeleted(Event, frozen=True):
    """The campaign is in the trash; purged after the date. What was sent stays sent."""

    TAG: ClassVar[str] = "campaigns.campaign_deleted.v1"
    campaign_id: UUID
    restorable_until: datetime


class CampaignRestored(Event, frozen=True):
    """The campaign came back from the trash as it was."""

    TAG: ClassVar[str] = "campaigns.campaign_restored.v1"
    campaign_id: UUID


class CampaignPurged(Event, frozen=True):
    """The time in the trash is over: it is shown no more, and there is no way back."""

    TAG: ClassVar[str] = "campaigns.campaign_purged.v1"
    campaign_id: UUID


CampaignEvent = (
    CampaignDrafted
    | CampaignRevised
    | CampaignUnscheduled
    | CampaignScheduled
    | CampaignLaunched
    | AudienceFrozen
    | CampaignPaused
    | CampaignResumed
    | CampaignCancelled
    | CampaignCompleted
    | CampaignDeleted
    | CampaignRestored
    | CampaignPurged
)
EVENTS: tuple[type[Event], ...] = (
    CampaignDrafted,
    CampaignRevised,
    CampaignUnscheduled,
    CampaignScheduled,
    CampaignLaunched,
    AudienceFrozen,
    CampaignPaused,
    CampaignResumed,
    CampaignCancelled,
    CampaignCompleted,
    CampaignDeleted,
    CampaignRestored,
    CampaignPurged,
)
