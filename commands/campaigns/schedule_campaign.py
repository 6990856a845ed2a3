"""Fix what a campaign sends, and when."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.campaigns.frozen_content import freeze_content
from commands.ports import Audience, CampaignRuns, EventLog, SenderDomains, Snapshots
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Status
from domain.shared.context import Context


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
    if campaign.status is Status.DRAFT and campaign.template_id is not None:
        frozen = freeze_content(campaign.template_id, context, log, audience)
        if not context.sandbox:
            senders.require(context.workspace_id, frozen.sending_domain)
        sha256, content = frozen.sha256, frozen.json
    return log.decide(
        CAMPAIGN,
        command.campaign_id,
        lambda now: decider.schedule(
            now,
            campaign_id=command.campaign_id,
            send_at=command.send_at,
            snapshot=sha256,
            sandbox=context.sandbox,
        ),
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
