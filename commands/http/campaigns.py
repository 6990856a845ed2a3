"""Write routes of campaigns."""

from uuid import UUID

import msgspec
from litestar import patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.campaigns.resume_campaign import ResumeCampaign, resume_campaign
from commands.campaigns.revise_campaign import ReviseCampaign, revise_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from commands.campaigns.unschedule_campaign import UnscheduleCampaign, unschedule_campaign
from commands.http.if_match import IfMatch, expected_version
from commands.ports import Audience, CampaignRuns, EventLog, SenderDomains, Snapshots
from domain.campaigns.plan import Changes
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from schemas.http.accepted import Accepted, RevisedCampaign
from schemas.http.campaigns import CampaignChanges, NewCampaign, Schedule


@post(
    "/v1/campaigns",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:write"},
    summary="Draft a campaign",
    tags=["campaigns"],
)
def post_campaign(
    data: JSONBody[NewCampaign],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Plan a campaign; nothing is sent before it is launched."""
    command = DraftCampaign(campaign_id=new_id, name=data.name, template_id=data.template_id)
    return Accepted(id=new_id, position=draft_campaign(command, context, log))


@patch(
    "/v1/campaigns/{campaign_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:write"},
    summary="Change a draft",
    tags=["campaigns"],
)
def patch_campaign(
    campaign_id: FromPath[UUID],
    data: JSONBody[CampaignChanges],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
    if_match: IfMatch = None,
) -> RevisedCampaign:
    """Change what is named; a campaign that is scheduled is unscheduled first."""
    command = ReviseCampaign(
        campaign_id=campaign_id,
        changes=Changes(**msgspec.structs.asdict(data)),
        expected=expected_version(if_match),
    )
    saved = revise_campaign(command, context, log, addresses)
    return RevisedCampaign(id=campaign_id, position=saved.position, version=saved.version)


@post(
    "/v1/campaigns/{campaign_id:uuid}/unschedule",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Take a campaign off the calendar",
    tags=["campaigns"],
)
def post_unschedule(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
) -> Accepted:
    """Make it a draft again, before it is launched: nothing was sent."""
    command = UnscheduleCampaign(campaign_id=campaign_id)
    return Accepted(id=campaign_id, position=unschedule_campaign(command, context, log, runs))


@post(
    "/v1/campaigns/{campaign_id:uuid}/schedule",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Schedule a campaign",
    tags=["campaigns"],
)
def post_schedule(
    campaign_id: FromPath[UUID],
    data: JSONBody[Schedule],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    snapshots: NamedDependency[SkipValidation[Snapshots]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
    audience: NamedDependency[SkipValidation[Audience]],
    senders: NamedDependency[SkipValidation[SenderDomains]],
) -> Accepted:
    """Freeze what a draft sends, and fix when."""
    command = ScheduleCampaign(campaign_id=campaign_id, send_at=data.send_at)
    position = schedule_campaign(command, context, log, snapshots, runs, audience, senders)
    return Accepted(id=campaign_id, position=position)


@post(
    "/v1/campaigns/{campaign_id:uuid}/launch",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Launch a campaign now",
    tags=["campaigns"],
)
def post_launch(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    snapshots: NamedDependency[SkipValidation[Snapshots]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
    audience: NamedDependency[SkipValidation[Audience]],
    senders: NamedDependency[SkipValidation[SenderDomains]],
) -> Accepted:
    """Send a draft, or what is scheduled and due; a second launch is refused."""
    command = LaunchCampaign(campaign_id=campaign_id)
    position = launch_campaign(command, context, log, snapshots, runs, audience, senders)
    return Accepted(id=campaign_id, position=position)


@post(
    "/v1/campaigns/{campaign_id:uuid}/pause",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Pause a running campaign",
    tags=["campaigns"],
)
def post_pause(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
) -> Accepted:
    """Hand over no further message until somebody resumes."""
    command = PauseCampaign(campaign_id=campaign_id)
    return Accepted(id=campaign_id, position=pause_campaign(command, context, log, runs))


@post(
    "/v1/campaigns/{campaign_id:uuid}/resume",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Resume a paused campaign",
    tags=["campaigns"],
)
def post_resume(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
) -> Accepted:
    """Go on where it stopped."""
    command = ResumeCampaign(campaign_id=campaign_id)
    return Accepted(id=campaign_id, position=resume_campaign(command, context, log, runs))


@post(
    "/v1/campaigns/{campaign_id:uuid}/cancel",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:send"},
    summary="Cancel a campaign for good",
    tags=["campaigns"],
)
def post_cancel(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    runs: NamedDependency[SkipValidation[CampaignRuns]],
) -> Accepted:
    """Send nothing more; what was sent stays sent."""
    command = CancelCampaign(campaign_id=campaign_id)
    return Accepted(id=campaign_id, position=cancel_campaign(command, context, log, runs))
