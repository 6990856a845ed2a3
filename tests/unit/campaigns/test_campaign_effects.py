"""Working state changes with the events that ask for it, and with no others."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import pytest

from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.engagement.record_hits import Hit, TrackedCampaign, record_hits
from commands.policies.bounce_suppresses_contact import BounceSuppressesContact
from commands.policies.policy import Policy
from commands.ports import Effect
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError
from domain.shared.model import Event, Fact, StreamModel
from infra.clock import new_id
from infra.eventstore.log import no_effects
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import (
    CAMPAIGN_ID,
    DRAFTED,
    LAUNCHED,
    NOW,
    PAUSED,
    SCHEDULED,
    SNAPSHOT,
)
from tests.support.memory_ports import (
    MemoryAudience,
    MemoryCampaignRuns,
    MemoryDoNotMail,
    MemorySenderDomains,
    MemorySnapshots,
    Said,
)

S = TypeVar("S")
E = TypeVar("E", bound=Event)
WORKSPACE = UUID(int=1)


class LogOfOtherEvents(MemoryEventLog):
    """Asks for the effects of events of its own choice."""

    def __init__(self, *events: Event) -> None:
        super().__init__()
        self._chosen = events

    def decide(
        self,
        model: StreamModel[S, E],
        stream_id: UUID,
        decision: Callable[[S], Sequence[E]],
        context: Context,
        *,
        effects: Callable[[Sequence[E]], Sequence[Effect]] = no_effects,
    ) -> int:
        del model, stream_id, decision, context
        chosen: Any = self._chosen
        self.effects += effects(chosen)
        return 1


def effects_of_a_launch(*events: Event) -> list[Effect]:
    log = LogOfOtherEvents(*events)
    launch_campaign(
        LaunchCampaign(campaign_id=CAMPAIGN_ID),
        asking(WORKSPACE),
        log,
        MemorySnapshots(),
        MemoryCampaignRuns(),
        MemoryAudience(),
        MemorySenderDomains(),
    )
    return log.effects


def test_a_launch_stores_content_for_what_it_schedules_and_opens_for_what_it_launches() -> None:
    content = [Said(f"snapshot {SNAPSHOT}", b""), Said(f"schedule {SNAPSHOT}", NOW)]
    assert effects_of_a_launch(SCHEDULED) == content
    assert effects_of_a_launch(LAUNCHED) == [Said("launch", NOW)]
    assert effects_of_a_launch(DRAFTED, PAUSED) == []


def test_the_policy_says_what_it_reacts_to() -> None:
    policy: Policy = BounceSuppressesContact(MemoryEventLog(), MemoryDoNotMail())
    assert policy.name == "bounce_suppresses_contact"
    assert [event.TAG for event in policy.reacts_to] == ["delivery.email_bounced.v1"]


class Tracked:
    def find(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign | None:
        del workspace_id, campaign_id
        return TrackedCampaign(1_780_000_000_000, ())


class BusyLog(MemoryEventLog):
    """Refuses for a reason that leaving out personal data cannot cure."""

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        del facts, context, effects
        raise ConcurrentChangeError("try again")


def test_a_refusal_that_is_not_about_an_erased_person_is_passed_on() -> None:
    hit = Hit(
        hit_id=new_id(),
        workspace_id=WORKSPACE,
        campaign_id=CAMPAIGN_ID,
        contact_id=UUID(int=2),
        link=None,
        user_agent="Reader/1.0",
        ip=None,
    )
    with pytest.raises(ConcurrentChangeError, match="try again"):
        record_hits([hit], asking(WORKSPACE), BusyLog(), Tracked())
