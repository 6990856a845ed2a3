"""Write routes of campaigns."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.campaigns.resume_campaign import ResumeCampaign, resume_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from commands.ports import Audience, CampaignRuns, EventLog, SenderDomains, Snapshots
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.campaigns import NewCampaign, Schedule


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
