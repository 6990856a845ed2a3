"""Opens and clicks become facts; a repeat changes nothing, an erased person stays nameless."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from commands.engagement.record_hits import Hit, TrackedCampaign, record_hits
from commands.ports import Effect
from domain.engagement.events import EmailOpened, LinkClicked
from domain.shared.context import Context
from domain.shared.message_id import message_id
from domain.shared.model import Fact
from infra.clock import new_id
from infra.eventstore.mapper import PersonErasedError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking

LAUNCHED = 1_780_000_000_000


class Launched:
    def __init__(self, *campaigns: UUID) -> None:
        self._campaigns = campaigns

    def find(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign | None:
        del workspace_id
        return TrackedCampaign(LAUNCHED, ()) if campaign_id in self._campaigns else None


class LogWithAnErasedPerson(MemoryEventLog):
    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        if any(getattr(fact.event, "ip", None) for fact in facts):
            raise PersonErasedError("erased")
        return super().record(facts, context, effects=effects)


def hit(campaign: UUID, *, link: int | None = None) -> Hit:
    return Hit(
        hit_id=new_id(),
        workspace_id=UUID(int=1),
        campaign_id=campaign,
        contact_id=UUID(int=2),
        link=link,
        user_agent="Mailer/1.0",
        ip="203.0.113.0",
    )


def test_hits_become_facts_of_the_message() -> None:
    campaign, log = uuid4(), MemoryEventLog()
    record_hits(
        [hit(campaign), hit(campaign, link=3)], asking(UUID(int=1)), log, Launched(campaign)
    )
    opened, clicked = (event for _, _, event in log.events)
    assert isinstance(opened, EmailOpened)
    assert isinstance(clicked, LinkClicked)
    assert clicked.link == 3
    assert opened.message_id == message_id(
        campaign_id=campaign, contact_id=UUID(int=2), launched_at_ms=LAUNCHED
    )


def test_the_same_hit_told_twice_is_one_fact() -> None:
    campaign, log = uuid4(), MemoryEventLog()
    one = hit(campaign)
    for _ in range(2):
        record_hits([one], asking(UUID(int=1)), log, Launched(campaign))
    assert len(log.events) == 1


def test_hits_of_campaigns_that_were_never_launched_are_left_out() -> None:
    log = MemoryEventLog()
    assert record_hits([hit(uuid4())], asking(UUID(int=1)), log, Launched()) == 0
    assert log.events == []


def test_an_erased_person_is_counted_without_a_trace() -> None:
    campaign, log = uuid4(), LogWithAnErasedPerson()
    record_hits([hit(campaign)], asking(UUID(int=1)), log, Launched(campaign))
    ((_, _, event),) = log.events
    assert msgspec.structs.asdict(event)["ip"] is None
    assert msgspec.structs.asdict(event)["user_agent"] is None
