"""A draft is changed without losing anybody's work, and comes off the calendar again."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.frozen_content import freeze_content
from commands.campaigns.revise_campaign import ReviseCampaign, RevisedCampaign, revise_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from commands.campaigns.unschedule_campaign import UnscheduleCampaign, unschedule_campaign
from commands.content.add_template import AddTemplate, add_template
from commands.ports import SenderDomains
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign, Status
from domain.campaigns.events import CampaignEvent, CampaignUnscheduled
from domain.campaigns.plan import Changes
from domain.content.snapshot import Snapshot
from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
)
from infra.email_addresses import EmailValidator
from infra.eventstore.memory import MemoryEventLog
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.asking import asking
from tests.support.builders import CAMPAIGN_ID, DRAFTED, NOW, RUNNING, SCHEDULED, TEMPLATE_ID
from tests.support.memory_ports import (
    MemoryAudience,
    MemoryCampaignRuns,
    MemorySenderDomains,
    MemorySnapshots,
    Said,
)
from tests.support.scenario import Scenario

WORKSPACE, OTHER = uuid4(), uuid4()


def add(log: MemoryEventLog, template_id: UUID, subject: str) -> None:
    command = AddTemplate(template_id=template_id, name="t", subject=subject, html="<p>Hi</p>")
    add_template(command, asking(WORKSPACE), log, Nh3Sanitizer())


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    workspace = CreateWorkspace(
        workspace_id=WORKSPACE,
        name="W",
        sender_name="House",
        sender_address="house@example.com",
        postal_address="1 Orchard Road",
    )
    create_workspace(workspace, asking(WORKSPACE), log)
    add(log, TEMPLATE_ID, "Hello")
    add(log, OTHER, "Other")
    draft = DraftCampaign(campaign_id=CAMPAIGN_ID, name="May", template_id=TEMPLATE_ID)
    draft_campaign(draft, asking(WORKSPACE), log)
    return log


def change(log: MemoryEventLog, expected: int | None = None, **changes: object) -> RevisedCampaign:
    command = ReviseCampaign(
        campaign_id=CAMPAIGN_ID,
        changes=Changes(**changes),  # type: ignore[arg-type] # a test's shorthand
        expected=expected,
    )
    return revise_campaign(command, asking(WORKSPACE), log, EmailValidator())


def now(log: MemoryEventLog) -> Campaign:
    return log.state(CAMPAIGN, CAMPAIGN_ID, asking(WORKSPACE))


def frozen(log: MemoryEventLog) -> Snapshot:
    plan = now(log).plan
    assert plan is not None
    content = freeze_content(plan, asking(WORKSPACE), log, MemoryAudience())
    return msgspec.json.decode(content.json, type=Snapshot)


def schedule(log: MemoryEventLog, senders: SenderDomains | None = None) -> int:
    command = ScheduleCampaign(campaign_id=CAMPAIGN_ID, send_at=NOW)
    ports = (MemorySnapshots(), MemoryCampaignRuns(), MemoryAudience())
    return schedule_campaign(
        command, asking(WORKSPACE), log, *ports, senders or MemorySenderDomains()
    )


def test_what_is_named_is_changed_and_the_rest_stays(log: MemoryEventLog) -> None:
    first = change(log, 1, subject="For you", reply_to=" Ann@Example.com ", sender_name="Ann")
    assert first.version == 2
    assert change(log, 2, name="June", template_id=OTHER).version == 3
    sent = frozen(log)
    assert (sent.subject, sent.from_name, sent.reply_to) == ("For you", "Ann", "Ann@example.com")
    assert (sent.from_email, now(log).version) == ("house@example.com", 3)
    change(log, subject="", sender_name="", reply_to="", sender_address="a@b.example.com")
    sent = frozen(log)
    assert (sent.subject, sent.from_name, sent.reply_to) == ("Other", "House", "")
    assert sent.from_email == "a@b.example.com"


def test_the_senders_own_domain_must_be_verified(log: MemoryEventLog) -> None:
    change(log, sender_address="a@b.example.com")
    asked: list[str] = []

    class Asked:
        def require(self, workspace_id: UUID, domain: str) -> None:
            assert workspace_id == WORKSPACE
            asked.append(domain)

        def require_scheduled(self, workspace_id: UUID, campaign_id: UUID) -> None:
            raise AssertionError(workspace_id, campaign_id)

    schedule(log, Asked())
    assert asked == ["b.example.com"]


def test_a_change_of_an_older_version_is_refused(log: MemoryEventLog) -> None:
    change(log, 1, name="June")
    with pytest.raises(StaleVersionError, match="at version 2"):
        change(log, 1, name="Lost")


@pytest.mark.parametrize("expected", [1, None])
def test_a_change_that_changes_nothing_is_no_version(
    log: MemoryEventLog, expected: int | None
) -> None:
    assert change(log, expected, name="May").version == 1
    assert change(log, expected).version == 1
    assert len(log.events) == 4


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"name": " "}, InvalidInputError, "name"),
        ({"template_id": uuid4()}, NotFoundError, "template"),
        ({"reply_to": "nobody"}, InvalidInputError, "no e-mail address"),
        ({"sender_address": "a b@example.com"}, InvalidInputError, "no e-mail address"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    log: MemoryEventLog, changes: dict[str, object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        change(log, **changes)


def test_only_a_draft_can_be_changed(log: MemoryEventLog) -> None:
    schedule(log)
    with pytest.raises(IllegalTransitionError, match="off the calendar first"):
        change(log, name="June")
    nobody = ReviseCampaign(campaign_id=uuid4(), changes=Changes(), expected=None)
    with pytest.raises(NotFoundError):
        revise_campaign(nobody, asking(WORKSPACE), log, EmailValidator())


def test_what_is_scheduled_can_be_a_draft_again_and_be_scheduled_anew(log: MemoryEventLog) -> None:
    schedule(log)
    command = UnscheduleCampaign(campaign_id=CAMPAIGN_ID)
    unschedule_campaign(command, asking(WORKSPACE), log, MemoryCampaignRuns())
    assert log.effects[-1] == Said("unschedule", CAMPAIGN_ID)
    campaign = now(log)
    assert (campaign.status, campaign.send_at, campaign.snapshot) == (Status.DRAFT, None, "")
    assert change(log, 1, name="June").version == 2
    schedule(log)
    assert now(log).status is Status.SCHEDULED


def unscheduled(campaign: Campaign) -> Sequence[CampaignEvent]:
    return decider.unschedule(campaign, campaign_id=CAMPAIGN_ID)


def test_nothing_that_was_launched_comes_off_the_calendar() -> None:
    gone = CampaignUnscheduled(campaign_id=CAMPAIGN_ID)
    Scenario(CAMPAIGN).given(DRAFTED).when(unscheduled).then()
    Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(unscheduled).then(gone)
    Scenario(CAMPAIGN).given(*RUNNING).when(unscheduled).refused(
        IllegalTransitionError, "paused or cancelled"
    )
    Scenario(CAMPAIGN).when(unscheduled).refused(NotFoundError, "no such")


def test_a_plan_that_changed_while_it_was_frozen_is_not_scheduled(log: MemoryEventLog) -> None:
    class Changing(MemorySenderDomains):
        def require(self, workspace_id: UUID, domain: str) -> None:
            super().require(workspace_id, domain)
            change(log, subject="Newer")

    with pytest.raises(StaleVersionError):
        schedule(log, Changing())
    assert now(log).status is Status.DRAFT
