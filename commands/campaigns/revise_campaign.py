"""Change what a draft plans."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.tenancy.choose_sender import valid_address
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign
from domain.campaigns.events import CampaignEvent
from domain.campaigns.plan import Changes
from domain.contacts.email_address import AddressChecker
from domain.content.decider import TEMPLATE, content_of
from domain.shared.context import Context


class ReviseCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Change this of the plan; `expected` is the version it was made from, None for any."""

    campaign_id: UUID
    changes: Changes
    expected: int | None


class RevisedCampaign(msgspec.Struct, frozen=True):
    """Where the log is, and which version the plan is now."""

    position: int
    version: int


def revise_campaign(
    command: ReviseCampaign, context: Context, log: EventLog, addresses: AddressChecker
) -> RevisedCampaign:
    """Record it; a change that changes nothing is no version.

    Raises StaleVersionError when somebody else saved meanwhile, IllegalTransitionError for what is
    no draft, NotFoundError for a template that is not there, InvalidInputError for no address.
    """
    decider.require_there(log.state(CAMPAIGN, command.campaign_id, context))
    changes = command.changes
    if changes.template_id is not None:
        content_of(log.state(TEMPLATE, changes.template_id, context))
    checked = {
        name: valid_address(text, addresses)
        for name in ("sender_address", "reply_to")
        if (text := getattr(changes, name))
    }
    made = msgspec.structs.replace(changes, **checked)
    # Also when this very command was here before.
    version = 0 if command.expected is None else command.expected + 1

    def decision(campaign: Campaign) -> list[CampaignEvent]:
        nonlocal version
        events = decider.revise(
            campaign, campaign_id=command.campaign_id, changes=made, expected=command.expected
        )
        version = campaign.version + len(events)
        return events

    return RevisedCampaign(log.decide(CAMPAIGN, command.campaign_id, decision, context), version)
