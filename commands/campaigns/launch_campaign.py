"""Start a campaign now: a scheduled one that is due, or a draft straight away."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.campaigns.frozen_content import FrozenContent, freeze_content
from commands.ports import (
    Audience,
    CampaignRuns,
    Effect,
    EventLog,
    SenderDomains,
    Snapshots,
)
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign, Status
from domain.campaigns.events import CampaignEvent, CampaignLaunched, CampaignScheduled
from domain.shared.context import Context
from domain.shared.versions import require_version


class LaunchCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Begin to send."""

    campaign_id: UUID


def launch_campaign(
    command: LaunchCampaign,
    context: Context,
    log: EventLog,
    snapshots: Snapshots,
    runs: CampaignRuns,
    audience: Audience,
    senders: SenderDomains,
) -> int:
    """Schedule a draft and launch it in one decision, or launch what is scheduled and due.

    Raises IllegalTransitionError for a second launch, InvalidInputError for an empty audience,
    SendingDomainUnverifiedError (not in the sandbox), and the errors of `freeze_content` for a
    draft.
    """
    campaign = log.state(CAMPAIGN, command.campaign_id, context)
    frozen = FrozenContent("", b"")
    if campaign.status is Status.DRAFT and campaign.plan is not None:
        frozen = freeze_content(campaign.plan, context, log, audience)
        if not context.sandbox:
            senders.require(context.workspace_id, frozen.sending_domain)
    elif campaign.status is Status.SCHEDULED and not campaign.sandbox:
        senders.require_scheduled(context.workspace_id, command.campaign_id)
    anybody = audience.anybody(context.workspace_id)

    def decision(now: Campaign) -> Sequence[CampaignEvent]:
        require_version("campaign", now.version, campaign.version)  # else it froze another plan
        planned: list[CampaignEvent] = []
        if now.status is Status.DRAFT:
            planned = decider.schedule(
                now,
                campaign_id=command.campaign_id,
                send_at=context.now,
                snapshot=frozen.sha256,
                sandbox=context.sandbox,
            )
            now = CAMPAIGN.evolve(now, planned[0])
        return planned + decider.launch(
            now,
            campaign_id=command.campaign_id,
            now=context.now,
            anybody=anybody,
            sandbox=context.sandbox,
        )

    def effects(events: Sequence[CampaignEvent]) -> Sequence[Effect]:
        made: list[Effect] = []
        for event in events:
            match event:
                case CampaignScheduled(snapshot=sha256):
                    workspace_id = context.workspace_id
                    made += [
                        snapshots.add(workspace_id, sha256=sha256, content=frozen.json),
                        runs.schedule(
                            workspace_id,
                            event.campaign_id,
                            send_at=event.send_at,
                            snapshot=sha256,
                            sandbox=event.sandbox,
                        ),
                    ]
                case CampaignLaunched(campaign_id=campaign_id, launched_at=launched_at):
                    made.append(
                        runs.launch(context.workspace_id, campaign_id, launched_at=launched_at)
                    )
                case _:
                    pass
        return made

    return log.decide(CAMPAIGN, command.campaign_id, decision, context, effects=effects)
