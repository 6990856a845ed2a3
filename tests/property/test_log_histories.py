"""Whatever people ask of a stream, in any order: its history folds, and obeys the rules."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign, Status
from domain.campaigns.events import EVENTS as CAMPAIGN_EVENTS
from domain.campaigns.events import CampaignEvent, CampaignLaunched
from domain.contacts import events as contacts
from domain.contacts.decider import CONSENT, IMPORT
from domain.content.decider import TEMPLATE
from domain.content.events import EVENTS as CONTENT_EVENTS
from domain.developer.decider import API_TOKEN
from domain.developer.events import EVENTS as DEVELOPER_EVENTS
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import Event, StreamModel
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.events import EVENTS as TENANCY_EVENTS
from tests.support.builders import CAMPAIGN_ID, NOW, SNAPSHOT, TEMPLATE_ID

pytestmark = pytest.mark.property

STREAMS: list[tuple[StreamModel[Any, Any], tuple[type[Event], ...]]] = [
    (CAMPAIGN, CAMPAIGN_EVENTS),
    (CONSENT, get_args(contacts.ConsentEvent)),
    (IMPORT, get_args(contacts.ImportEvent)),
    (TEMPLATE, CONTENT_EVENTS),
    (API_TOKEN, DEVELOPER_EVENTS),
    (WORKSPACE, TENANCY_EVENTS),
]


@pytest.mark.parametrize(("model", "events"), STREAMS, ids=[m.name for m, _ in STREAMS])
@given(picks=st.data())
def test_evolve_is_total(
    model: StreamModel[Any, Any], events: tuple[type[Event], ...], picks: st.DataObject
) -> None:
    """Any events of the stream in any order fold: a strange fact must not brick its stream."""
    history = picks.draw(st.lists(st.one_of([st.from_type(kind) for kind in events]), max_size=8))
    assert isinstance(model.fold(history), type(model.initial))


REFUSALS = (NotFoundError, IllegalTransitionError, InvalidInputError)
ENDS = {Status.COMPLETED, Status.CANCELLED}


class CampaignLife(RuleBasedStateMachine):
    """Asks for anything at any time; the model beside it is what a person would expect."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[CampaignEvent] = []

    @property
    def state(self) -> Campaign:
        return CAMPAIGN.fold(self.history)

    def ask(self, verb: Callable[..., Sequence[CampaignEvent]], **arguments: Any) -> None:
        before = self.state
        try:
            decided = verb(before, campaign_id=CAMPAIGN_ID, **arguments)
        except REFUSALS:
            return
        if decided:
            assert before.status not in ENDS or verb is decider.freeze_audience
        self.history += decided

    @rule(name=st.sampled_from(["May", " ", ""]))
    def draft(self, name: str) -> None:
        self.ask(decider.draft, name=name, template_id=TEMPLATE_ID)

    @rule(in_h=st.integers(-2, 2))
    def schedule(self, in_h: int) -> None:
        self.ask(decider.schedule, send_at=NOW + timedelta(hours=in_h), snapshot=SNAPSHOT)

    @rule(anybody=st.booleans(), in_h=st.integers(-2, 2))
    def launch(self, *, anybody: bool, in_h: int) -> None:
        self.ask(decider.launch, now=NOW + timedelta(hours=in_h), anybody=anybody)

    @rule()
    def run_up(self) -> None:
        """Ask for what leads to a running campaign; alone, chance gets there too seldom."""
        self.draft("May")
        self.schedule(0)
        self.launch(anybody=True, in_h=0)

    @rule()
    def pause(self) -> None:
        self.ask(decider.pause)

    @rule()
    def resume(self) -> None:
        self.ask(decider.resume)

    @rule()
    def cancel(self) -> None:
        self.ask(decider.cancel)

    @rule()
    def complete(self) -> None:
        self.ask(decider.complete)

    @precondition(lambda self: self.state.launched_at is not None)
    @rule(queued=st.integers(0, 9))
    def freeze(self, queued: int) -> None:
        """The expander freezes only what was launched."""
        self.ask(decider.freeze_audience, queued=queued, skipped=0)

    @precondition(lambda self: self.state.launched_at is not None)
    @rule()
    def wind_down(self) -> None:
        self.freeze(7)
        self.complete()

    @invariant()
    def every_prefix_folds(self) -> None:
        state = CAMPAIGN.initial
        for event in self.history:
            state = CAMPAIGN.evolve(state, event)
        assert state == self.state

    @invariant()
    def nothing_is_launched_or_ended_twice(self) -> None:
        told = [type(event).__name__ for event in self.history]
        for once in ("CampaignDrafted", "CampaignLaunched", "AudienceFrozen"):
            assert told.count(once) <= 1
        assert told.count("CampaignCompleted") + told.count("CampaignCancelled") <= 1

    @invariant()
    def what_is_launched_is_what_was_scheduled_and_due(self) -> None:
        for event in self.history:
            if isinstance(event, CampaignLaunched):
                assert event.snapshot == SNAPSHOT
                assert self.state.send_at is not None
                assert event.launched_at >= self.state.send_at


TestCampaignLife = CampaignLife.TestCase
