"""What people ask of campaigns: decisions, and the working state that goes with them."""

import json
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.campaigns.resume_campaign import ResumeCampaign, resume_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from commands.policies.bounce_suppresses_contact import BounceSuppressesContact
from domain.content import decider as content_decider
from domain.content.decider import TEMPLATE
from domain.content.errors import UnknownMergeTagError
from domain.content.events import TemplateAdded
from domain.delivery.events import EmailBounced
from domain.delivery.sending_domain import SendingDomainUnverifiedError
from domain.shared.context import Context
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.tenancy import decider as tenancy_decider
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.events import PostalAddressChosen
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import (
    MemoryAudience,
    MemoryCampaignRuns,
    MemoryDoNotMail,
    MemorySenderDomains,
    MemorySnapshots,
    Said,
)

WORKSPACE_ID, TEMPLATE_ID, CAMPAIGN_ID = uuid4(), uuid4(), uuid4()
HTML = '<p>Hi {{ first_name }}</p>\n<a href="https://example.com/a">{{ company }}</a>'


def ask() -> Context:
    return asking(WORKSPACE_ID)


class Campaigns:
    """A workspace with a template and a draft; each verb with a fresh command id."""

    def __init__(
        self,
        *,
        html: str = HTML,
        audience: MemoryAudience | None = None,
        senders: MemorySenderDomains | None = None,
    ) -> None:
        self.log = MemoryEventLog()
        self.senders = senders or MemorySenderDomains()
        self.audience = audience or MemoryAudience(fields={"company"})
        self.log.decide(WORKSPACE, WORKSPACE_ID, _founded, ask())
        added = TemplateAdded(
            template_id=TEMPLATE_ID, name="t", subject="Hi", html=html, text="", sha256="x"
        )
        self.log.decide(TEMPLATE, TEMPLATE_ID, lambda t: content_decider.add(t, added=added), ask())
        draft = DraftCampaign(campaign_id=CAMPAIGN_ID, name="May", template_id=TEMPLATE_ID)
        draft_campaign(draft, ask(), self.log)

    def schedule(self, *, in_s: float, sandbox: bool = False) -> int:
        context = msgspec.structs.replace(ask(), sandbox=sandbox)
        command = ScheduleCampaign(
            campaign_id=CAMPAIGN_ID, send_at=context.now + timedelta(seconds=in_s)
        )
        return schedule_campaign(
            command,
            context,
            self.log,
            MemorySnapshots(),
            MemoryCampaignRuns(),
            self.audience,
            self.senders,
        )

    def launch(self, context: Context | None = None) -> int:
        return launch_campaign(
            LaunchCampaign(campaign_id=CAMPAIGN_ID),
            context or ask(),
            self.log,
            MemorySnapshots(),
            MemoryCampaignRuns(),
            self.audience,
            self.senders,
        )

    def pause(self) -> int:
        command = PauseCampaign(campaign_id=CAMPAIGN_ID)
        return pause_campaign(command, ask(), self.log, MemoryCampaignRuns())

    def resume(self) -> int:
        command = ResumeCampaign(campaign_id=CAMPAIGN_ID)
        return resume_campaign(command, ask(), self.log, MemoryCampaignRuns())

    def cancel(self) -> int:
        command = CancelCampaign(campaign_id=CAMPAIGN_ID)
        return cancel_campaign(command, ask(), self.log, MemoryCampaignRuns())

    def told(self) -> list[str]:
        return [
            type(event).__name__ for _, stream, event in self.log.events if stream == CAMPAIGN_ID
        ]

    def effects(self) -> list[str]:
        return [effect.what.split()[0] for effect in self.log.effects if isinstance(effect, Said)]


def _founded(workspace: tenancy_decider.Workspace) -> list[tenancy_decider.TenancyEvent]:
    return tenancy_decider.create(
        workspace,
        workspace_id=WORKSPACE_ID,
        name="Acme",
        sender_name="Acme",
        sender_address="news@acme.example",
        postal_address="1 Main Street",
    )


def test_a_draft_is_scheduled_and_launched_in_one_decision() -> None:
    campaigns = Campaigns()
    campaigns.launch()
    assert campaigns.told() == ["CampaignDrafted", "CampaignScheduled", "CampaignLaunched"]
    assert campaigns.effects() == ["snapshot", "schedule", "launch"]


def test_the_snapshot_holds_sender_address_content_and_links() -> None:
    campaigns = Campaigns()
    campaigns.schedule(in_s=60)
    stored = next(
        e for e in campaigns.log.effects if isinstance(e, Said) and isinstance(e.about, bytes)
    )
    assert isinstance(stored.about, bytes)
    content = json.loads(stored.about)
    assert content["from_email"] == "news@acme.example"
    assert content["postal_address"] == "1 Main Street"
    assert content["html"] == HTML
    assert content["fields"] == ["company"]
    assert content["links"] == ["https://example.com/a"]


def test_a_scheduled_campaign_is_launched_when_due_with_the_content_it_was_scheduled_with() -> None:
    campaigns = Campaigns()
    campaigns.schedule(in_s=-1)
    campaigns.launch()
    assert campaigns.told()[1:] == ["CampaignScheduled", "CampaignLaunched"]
    assert campaigns.effects() == ["snapshot", "schedule", "launch"]


def test_a_campaign_is_not_launched_before_its_time() -> None:
    campaigns = Campaigns()
    campaigns.schedule(in_s=60)
    with pytest.raises(InvalidInputError, match="not due before"):
        campaigns.launch()


def test_a_second_launch_is_refused_and_a_repeated_one_answered() -> None:
    campaigns, context = Campaigns(), ask()
    position = campaigns.launch(context)
    assert campaigns.launch(context) == position
    with pytest.raises(IllegalTransitionError, match="launched once"):
        campaigns.launch()


def test_an_empty_audience_is_refused_and_nothing_is_recorded() -> None:
    campaigns = Campaigns(audience=MemoryAudience(people=False, fields={"company"}))
    with pytest.raises(InvalidInputError, match="import contacts first"):
        campaigns.launch()
    assert campaigns.told() == ["CampaignDrafted"]
    assert campaigns.effects() == []


@pytest.mark.parametrize("verb", ["schedule", "launch"])
def test_a_tag_that_no_contact_has_is_refused_with_its_line(verb: str) -> None:
    campaigns = Campaigns(audience=MemoryAudience())
    with pytest.raises(UnknownMergeTagError, match=r"company.*at line 2.*cleaned"):
        campaigns.launch() if verb == "launch" else campaigns.schedule(in_s=1)


def test_pause_resume_and_cancel_change_the_gate_with_the_event() -> None:
    campaigns = Campaigns()
    campaigns.launch()
    campaigns.pause()
    campaigns.resume()
    campaigns.cancel()
    assert campaigns.told()[3:] == ["CampaignPaused", "CampaignResumed", "CampaignCancelled"]
    assert campaigns.effects()[3:] == ["pause", "resume", "cancel"]
    for verb in (campaigns.pause, campaigns.resume, campaigns.cancel):
        with pytest.raises(IllegalTransitionError):
            verb()


def test_what_is_not_there_is_not_found() -> None:
    log, none = MemoryEventLog(), uuid4()
    with pytest.raises(NotFoundError, match="template"):
        draft_campaign(DraftCampaign(campaign_id=none, name="x", template_id=uuid4()), ask(), log)
    for verb in (pause_campaign, resume_campaign, cancel_campaign):
        command = {
            pause_campaign: PauseCampaign,
            resume_campaign: ResumeCampaign,
            cancel_campaign: CancelCampaign,
        }[verb](campaign_id=none)
        with pytest.raises(NotFoundError, match="no such campaign"):
            verb(command, ask(), log, MemoryCampaignRuns())  # type: ignore[arg-type] # by the table
    ports = (MemorySnapshots(), MemoryCampaignRuns(), MemoryAudience(), MemorySenderDomains())
    with pytest.raises(NotFoundError, match="no such campaign"):
        launch_campaign(LaunchCampaign(campaign_id=none), ask(), log, *ports)
    with pytest.raises(NotFoundError, match="no such campaign"):
        schedule_campaign(ScheduleCampaign(campaign_id=none, send_at=ask().now), ask(), log, *ports)


def test_content_is_not_frozen_for_a_workspace_that_was_never_founded() -> None:
    campaigns = Campaigns()
    campaigns.log.events = [row for row in campaigns.log.events if row[1] != WORKSPACE_ID]
    with pytest.raises(NotFoundError, match="workspace"):
        campaigns.launch()


def test_content_is_not_frozen_without_sender_and_postal_address() -> None:
    campaigns = Campaigns()
    chosen = PostalAddressChosen(postal_address="")
    campaigns.log.decide(WORKSPACE, WORKSPACE_ID, lambda _: [chosen], ask())
    with pytest.raises(InvalidInputError, match="mail needs both"):
        campaigns.launch()


def test_content_is_not_frozen_without_its_template() -> None:
    campaigns = Campaigns()
    campaigns.log.events = [row for row in campaigns.log.events if row[1] != TEMPLATE_ID]
    with pytest.raises(NotFoundError, match="template"):
        campaigns.launch()


def test_a_hard_bounce_suppresses_once_and_other_events_are_passed_over() -> None:
    log, contact = MemoryEventLog(), uuid4()
    policy = BounceSuppressesContact(log, MemoryDoNotMail())
    bounced = EmailBounced(
        message_id=uuid4(),
        campaign_id=uuid4(),
        contact_id=contact,
        attempt=1,
        relay="r",
        code=550,
        status="5.1.1",
    )
    policy.react(msgspec.structs.replace(bounced, contact_id=uuid4(), sandbox=True), ask())
    policy.react(bounced, ask())
    policy.react(bounced, ask())
    policy.react(log.events[0][2], ask())
    assert [(type(event).__name__, stream) for _, stream, event in log.events] == [
        ("ContactSuppressed", contact)
    ]
    assert [effect.what for effect in log.effects if isinstance(effect, Said)] == [
        "do not mail: suppressed hard_bounce"
    ]


def test_what_is_not_verified_is_launched_and_scheduled_in_the_sandbox_alone() -> None:
    for status in ("absent", "pending", "broken"):
        campaigns = Campaigns(senders=MemorySenderDomains(status))
        with pytest.raises(SendingDomainUnverifiedError, match=r"acme\.example"):
            campaigns.launch()
        with pytest.raises(SendingDomainUnverifiedError, match=r"acme\.example"):
            campaigns.schedule(in_s=60)
        campaigns.schedule(in_s=-1, sandbox=True)
        campaigns.launch(msgspec.structs.replace(ask(), sandbox=True))
    draft = Campaigns(senders=MemorySenderDomains("absent"))
    draft.launch(msgspec.structs.replace(ask(), sandbox=True))


def test_a_campaign_on_the_calendar_waits_when_its_domain_is_not_verified_any_more() -> None:
    campaigns = Campaigns()
    campaigns.schedule(in_s=-1)
    campaigns.senders = MemorySenderDomains("broken")
    with pytest.raises(SendingDomainUnverifiedError, match="publish them again"):
        campaigns.launch()
    campaigns.senders = MemorySenderDomains("verified")
    campaigns.launch()
