"""Fix what a campaign sends, and when."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.campaigns.frozen_content import freeze_content
from commands.ports import Audience, CampaignRuns, EventLog, SenderDomains, Snapshots
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign, Status
from domain.campaigns.events import CampaignEvent
from domain.shared.context import Context
from domain.shared.versions import require_version


class ScheduleCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Start at `send_at` (UTC-aware; a time in the past means as soon as possible)."""

    campaign_id: UUID
    send_at: datetime


def schedule_campaign(
    command: ScheduleCampaign,
    context: Context,
    log: EventLog,
    snapshots: Snapshots,
    runs: CampaignRuns,
    audience: Audience,
    senders: SenderDomains,
) -> int:
    """Freeze the content and put the campaign on the calendar, in one transaction.

    Raises UnknownMergeTagError for a tag that no contact can fill, and outside the sandbox
    SendingDomainUnverifiedError.
    """
    campaign = log.state(CAMPAIGN, command.campaign_id, context)
    sha256, content = "", b""
    if campaign.status is Status.DRAFT and campaign.plan is not None:
        frozen = freeze_content(campaign.plan, context, log, audience)
        if not context.sandbox:
            senders.require(context.workspace_id, frozen.sending_domain)
        sha256, content = frozen.sha256, frozen.json

    def decision(now: Campaign) -> Sequence[CampaignEvent]:
        require_version("campaign", now.version, campaign.version)  # else it froze another plan
        return decider.schedule(
            now,
            campaign_id=command.campaign_id,
            send_at=command.send_at,
            snapshot=sha256,
            sandbox=context.sandbox,
        )

    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        decision,
        context,
        effects=lambda _: [
            snapshots.add(context.workspace_id, sha256=sha256, content=content),
            runs.schedule(
                context.workspace_id,
                command.campaign_id,
                send_at=command.send_at,
                snapshot=sha256,
                sandbox=context.sandbox,
            ),
        ],
    )
