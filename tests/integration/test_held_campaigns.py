"""Campaigns of a restored log: what was sent since the backup is not known, so none goes on."""

from datetime import timedelta

import pytest

from domain.campaigns.events import CampaignCancelled, CampaignPaused
from infra.bootstrap import Adapters
from infra.clock import now
from tests.support.sending import Mailing
from workers.restoring import hold_campaigns

pytestmark = pytest.mark.integration


def test_what_runs_is_paused_what_is_due_cancelled_and_the_rest_left_alone(
    app: Adapters, worker: Adapters
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(["a@example.com"])
    mailing.project()
    running, due, later = mailing.started(), mailing.draft(), mailing.draft()
    mailing.schedule(due, now() - timedelta(hours=1))
    mailing.schedule(later, now() + timedelta(hours=1))
    assert hold_campaigns(worker) == 2
    assert [mailing.gate(campaign) for campaign in (running, due, later)] == [
        "paused",
        "cancelled",
        "scheduled",
    ]
    assert mailing.of_type(CampaignPaused) == [CampaignPaused(campaign_id=running)]
    assert mailing.of_type(CampaignCancelled) == [CampaignCancelled(campaign_id=due)]
    assert hold_campaigns(worker) == 0, "once is enough"
