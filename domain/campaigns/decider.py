"""The life of a campaign: draft, scheduled, running (or paused), completed or cancelled."""

from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec

from domain.campaigns.events import (
    AudienceFrozen,
    CampaignCancelled,
    CampaignCompleted,
    CampaignDeleted,
    CampaignDrafted,
    CampaignEvent,
    CampaignLaunched,
    CampaignPaused,
    CampaignPurged,
    CampaignRestored,
    CampaignResumed,
    CampaignRevised,
    CampaignScheduled,
    CampaignUnscheduled,
)
from domain.campaigns.plan import Changes, Plan, changed
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel
from domain.shared.versions import require_version


class Status(StrEnum):
    """Where a campaign is in its life."""

    ABSENT = "absent"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need to know."""

    status: Status = Status.ABSENT
    plan: Plan | None = None
    version: int = 0  # of the plan
    send_at: datetime | None = None
    launched_at: datetime | None = None
    snapshot: str = ""
    sandbox: bool = False
    audience_frozen: bool = False
    resumed: int = 0  # how often: what is counted of it begins anew with each
    deleted: bool = False  # in the trash
    purged: bool = False


def draft(
    campaign: Campaign, *, campaign_id: UUID, name: str, template_id: UUID
) -> list[CampaignEvent]:
    """Plan a campaign. Raises InvalidInputError for an empty name."""
    if campaign.status is not Status.ABSENT:
        raise IllegalTransitionError("a campaign with this id exists already; use a new id")
    if not name.strip():
        raise InvalidInputError("a campaign needs a name: pass a non-empty `name`")
    return [CampaignDrafted(campaign_id=campaign_id, name=name.strip(), template_id=template_id)]


def revise(
    campaign: Campaign, *, campaign_id: UUID, changes: Changes, expected: int | None
) -> list[CampaignEvent]:
    """Change the plan of a draft, made from version `expected` of it (None: from any).

    Says nothing when that changes nothing. Raises StaleVersionError, IllegalTransitionError for
    what is no draft, and InvalidInputError for an empty name.
    """
    plan = drafted(campaign, verb="change")
    require_version("campaign", campaign.version, expected)
    made = changed(plan, changes)
    if not made.name.strip():
        raise InvalidInputError("a campaign needs a name: pass a non-empty `name`")
    if made == plan:
        return []
    return [
        CampaignRevised(
            campaign_id=campaign_id,
            version=campaign.version + 1,
            **msgspec.structs.asdict(made),
        )
    ]


def drafted(campaign: Campaign, *, verb: str) -> Plan:
    """Return the plan of a draft. Raises NotFoundError, and IllegalTransitionError for others."""
    require_there(campaign)
    if campaign.plan is None or campaign.status is not Status.DRAFT:
        raise IllegalTransitionError(
            f"cannot {verb}: the campaign is {campaign.status}; only a draft can be changed, "
            "so take a scheduled one off the calendar first"
        )
    return campaign.plan


def unschedule(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """Take a scheduled campaign off the calendar: a draft again. Says nothing of a draft."""
    require_there(campaign)
    if campaign.status is Status.DRAFT:
        return []
    _require(
        campaign,
        Status.SCHEDULED,
        verb="unschedule",
        hint="what is being sent can be paused or cancelled",
    )
    return [CampaignUnscheduled(campaign_id=campaign_id)]


def schedule(
    campaign: Campaign,
    *,
    campaign_id: UUID,
    send_at: datetime,
    snapshot: str,
    sandbox: bool = False,
) -> list[CampaignEvent]:
    """Fix content, start and where it goes. A start in the past means: as soon as possible."""
    _require(campaign, Status.DRAFT, verb="schedule", hint="only a draft can be scheduled")
    return [
        CampaignScheduled(
            campaign_id=campaign_id, send_at=send_at, snapshot=snapshot, sandbox=sandbox
        )
    ]


def launch(
    campaign: Campaign,
    *,
    campaign_id: UUID,
    now: datetime,
    anybody: bool,
    sandbox: bool = False,
) -> list[CampaignEvent]:
    """Start a scheduled campaign that is due. `anybody`: whether a contact may be mailed now.

    It goes where it was scheduled to go. Raises IllegalTransitionError when it is not scheduled
    (launched twice, for example) or a test key would send it to people, and InvalidInputError when
    it is not due yet, or nobody would get it.
    """
    _require(campaign, Status.SCHEDULED, verb="launch", hint="a campaign is launched once")
    _require_own_sandbox(campaign, verb="launch", sandbox=sandbox)
    if campaign.send_at is not None and campaign.send_at > now:
        raise InvalidInputError(f"the campaign is not due before {campaign.send_at.isoformat()}")
    if not anybody:
        raise InvalidInputError(
            "the audience is empty: no contact of this workspace may be mailed; "
            "import contacts first"
        )
    return [
        CampaignLaunched(
            campaign_id=campaign_id,
            launched_at=now,
            snapshot=campaign.snapshot,
            sandbox=campaign.sandbox,
        )
    ]


def freeze_audience(
    campaign: Campaign, *, campaign_id: UUID, queued: int, skipped: int
) -> list[CampaignEvent]:
    """Close the audience. Says nothing the second time."""
    if campaign.audience_frozen:
        return []
    return [AudienceFrozen(campaign_id=campaign_id, queued=queued, skipped=skipped)]


def pause(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """Stop handing over further messages."""
    _require(campaign, Status.RUNNING, verb="pause", hint="only a running campaign can be paused")
    return [CampaignPaused(campaign_id=campaign_id)]


def brake(campaign: Campaign, *, resumed: int, why: CampaignPaused) -> list[CampaignEvent]:
    """Pause a campaign that people complain of, or that bounces: a rule does, not a person.

    Says nothing of one that does not run, or was resumed since that was counted.
    """
    if campaign.status is not Status.RUNNING or campaign.resumed != resumed:
        return []
    return [why]


def resume(campaign: Campaign, *, campaign_id: UUID, sandbox: bool = False) -> list[CampaignEvent]:
    """Go on sending."""
    _require(campaign, Status.PAUSED, verb="resume", hint="only a paused campaign can be resumed")
    _require_own_sandbox(campaign, verb="resume", sandbox=sandbox)
    return [CampaignResumed(campaign_id=campaign_id)]


def cancel(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """End the campaign for good; what was sent stays sent."""
    open_states = {Status.DRAFT, Status.SCHEDULED, Status.RUNNING, Status.PAUSED}
    require_there(campaign)
    if campaign.status not in open_states:
        raise IllegalTransitionError(f"the campaign is {campaign.status} and cannot be cancelled")
    return [CampaignCancelled(campaign_id=campaign_id)]


def complete(campaign: Campaign, *, campaign_id: UUID) -> list[CampaignEvent]:
    """Close a campaign whose every message has an outcome. Says nothing when it is closed."""
    if campaign.status not in {Status.RUNNING, Status.PAUSED} or not campaign.audience_frozen:
        return []
    return [CampaignCompleted(campaign_id=campaign_id)]


def evolve(campaign: Campaign, event: CampaignEvent) -> Campaign:  # noqa: C901, PLR0911, PLR0912 one a fact
    """Fold one fact; history is believed, never refused."""
    change = msgspec.structs.replace
    match event:
        case CampaignDrafted():
            plan = Plan(name=event.name, template_id=event.template_id)
            return change(campaign, status=Status.DRAFT, plan=plan, version=1)
        case CampaignRevised():
            return change(campaign, plan=_plan_of(event), version=event.version)
        case CampaignUnscheduled():
            return change(campaign, status=Status.DRAFT, send_at=None, snapshot="", sandbox=False)
        case CampaignScheduled():
            return change(
                campaign,
                status=Status.SCHEDULED,
                send_at=event.send_at,
                snapshot=event.snapshot,
                sandbox=event.sandbox,
            )
        case CampaignLaunched():
            return change(campaign, status=Status.RUNNING, launched_at=event.launched_at)
        case AudienceFrozen():
            return change(campaign, audience_frozen=True)
        case CampaignPaused():
            return change(campaign, status=Status.PAUSED)
        case CampaignResumed():
            return change(campaign, status=Status.RUNNING, resumed=campaign.resumed + 1)
        case CampaignCancelled():
            return change(campaign, status=Status.CANCELLED)
        case CampaignCompleted():
            return change(campaign, status=Status.COMPLETED)
        case CampaignDeleted():
            return change(campaign, deleted=True)
        case CampaignRestored():
            return change(campaign, deleted=False)
        case CampaignPurged():
            return change(campaign, purged=True)
        case _:
            assert_never(event)


def _plan_of(event: CampaignRevised) -> Plan:
    return Plan(**{name: getattr(event, name) for name in Plan.__struct_fields__})


def require_there(campaign: Campaign) -> None:
    """Raise NotFoundError, and IllegalTransitionError for a campaign in the trash."""
    if campaign.status is Status.ABSENT or campaign.purged:
        raise NotFoundError("there is no such campaign in this workspace")
    if campaign.deleted:
        raise IllegalTransitionError("the campaign is in the trash: restore it first")


def _require(campaign: Campaign, wanted: Status, *, verb: str, hint: str) -> None:
    require_there(campaign)
    if campaign.status is not wanted:
        raise IllegalTransitionError(f"cannot {verb}: the campaign is {campaign.status}; {hint}")


def _require_own_sandbox(campaign: Campaign, *, verb: str, sandbox: bool) -> None:
    """Keep test keys from what goes to people."""
    if sandbox and not campaign.sandbox:
        raise IllegalTransitionError(
            f"a test key cannot {verb} a campaign that goes to people: use a live key"
        )


CAMPAIGN: StreamModel[Campaign, CampaignEvent] = StreamModel(
    name="campaign", initial=Campaign(), evolve=evolve
)
