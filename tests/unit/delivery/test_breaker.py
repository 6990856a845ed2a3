"""The life of a lane that is blocked, told in facts."""

from datetime import datetime, timedelta

import pytest

from domain.delivery import breaker, lane
from domain.delivery.lane import LANE, Lane, Standing, WarmUp
from domain.delivery.lane_events import (
    BlockCause,
    Evidence,
    LaneBlocked,
    LaneEvent,
    LaneOpened,
    LaneProbesGranted,
    LaneWarned,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.delivery.reputation import Window
from domain.delivery.reputation_rules import Scope
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from tests.support.lanes import NOON, OF_DOMAIN, OF_WORKSPACE, PLACE, later, latest
from tests.support.scenario import Scenario

STORM = latest(slowed=20)


def looked(
    past: list[LaneEvent], window: Window, at: datetime, *, left: int = 0
) -> list[LaneEvent]:
    return breaker.look(LANE.fold(past), PLACE, window, left=left, now=at)


def blocked(at: datetime = NOON, *, trips: int = 1, minutes: float = 5) -> LaneBlocked:
    return LaneBlocked(
        **lane.about(PLACE, at), cause=BlockCause.DEFERRAL_STORM, reason="storm",
        evidence=Evidence(), trips=trips, until=at + timedelta(minutes=minutes),
    )  # fmt: skip


def probing(at: datetime, *, probes: int = 5) -> LaneProbesGranted:
    return LaneProbesGranted(**lane.about(PLACE, at), reason="over", probes=probes)


def opened(at: datetime) -> LaneOpened:
    return LaneOpened(**lane.about(PLACE, at), reason="well")


def started(at: datetime = NOON) -> WarmUpStarted:
    return WarmUpStarted(**lane.about(PLACE, at), reason="new", per_hour=50)


def test_places_are_lanes_domains_and_workspaces() -> None:
    scopes = [place.scope for place in (PLACE, OF_DOMAIN, OF_WORKSPACE)]
    assert scopes == [Scope.LANE, Scope.DOMAIN, Scope.WORKSPACE]
    assert PLACE.within() == (PLACE, OF_DOMAIN, OF_WORKSPACE)
    assert len({place.lane_id for place in PLACE.within()}) == 3


def test_a_lane_without_trouble_is_left_alone() -> None:
    assert looked([], latest(sent=500), NOON) == []


def test_a_storm_blocks_with_its_evidence_and_an_end() -> None:
    (event,) = looked([], STORM, NOON)
    assert isinstance(event, LaneBlocked)
    assert (event.cause, event.trips) == (BlockCause.DEFERRAL_STORM, 1)
    assert event.until == later(minutes=5)
    assert event.evidence.slowed == 20
    assert looked([event], STORM, later(minutes=4)) == []


def test_after_the_cool_down_probes_are_granted_and_counting_begins_anew() -> None:
    (event,) = looked([blocked()], STORM, later(minutes=5))
    assert isinstance(event, LaneProbesGranted)
    state = LANE.fold([blocked(), event])
    assert (event.probes, state.standing, state.era) == (5, Standing.PROBING, 1)
    assert looked([blocked(), event], STORM, later(minutes=6)) == [], "counted before"


def test_good_probes_open_the_lane() -> None:
    past = [blocked(), probing(later(minutes=5))]
    assert looked(past, latest(era=1, sent=4), later(minutes=6), left=1) == []
    (event,) = looked(past, latest(era=1, sent=5), later(minutes=6))
    assert isinstance(event, LaneOpened)
    assert LANE.fold([*past, event]).standing is Standing.OPEN


def test_a_bad_probe_blocks_again_for_twice_as_long() -> None:
    past = [blocked(), probing(later(minutes=5))]
    (event,) = looked(past, latest(era=1, sent=2, slowed=1), later(minutes=6), left=2)
    assert isinstance(event, LaneBlocked)
    assert (event.trips, event.until) == (2, later(minutes=16))
    assert event.reason == "1 of 3 probes were answered as before"


def test_probes_that_nobody_answered_are_granted_again() -> None:
    past = [blocked(), probing(later(minutes=5))]
    nothing = latest(era=1)
    assert looked(past, nothing, later(minutes=19)) == []
    assert looked(past, nothing, later(minutes=20), left=1) == [], "there was no mail to probe with"
    (event,) = looked(past, nothing, later(minutes=20))
    assert isinstance(event, LaneProbesGranted)


def test_the_answers_that_came_must_do_in_the_end() -> None:
    past = [blocked(), probing(later(minutes=5))]
    (event,) = looked(past, latest(era=1, sent=1), later(minutes=20), left=4)
    assert isinstance(event, LaneOpened)


@pytest.mark.parametrize(("hours", "trips"), [(1, 3), (23.9, 3), (25, 1)])
def test_a_lane_that_was_well_for_a_day_is_forgiven(hours: float, trips: int) -> None:
    past = [blocked(trips=2), probing(NOON), opened(NOON)]
    (event,) = looked(past, latest(era=2, slowed=20), later(hours=hours))
    assert isinstance(event, LaneBlocked)
    assert event.trips == trips


def test_a_block_never_lasts_longer_than_its_limit() -> None:
    past = [blocked(trips=1_000), probing(NOON)]
    (event,) = looked(past, latest(era=1, slowed=1), later(minutes=1))
    assert isinstance(event, LaneBlocked)
    assert event.until == later(minutes=121)


def test_a_rate_that_is_too_high_is_warned_of_once_a_day() -> None:
    bad = latest(sent=185, bounced=15)
    (event,) = looked([], bad, NOON)
    assert isinstance(event, LaneWarned)
    assert looked([event], bad, later(hours=23)) == []
    assert len(looked([event], bad, later(hours=24))) == 1


def test_who_is_warming_up_steps_back_when_blocked_or_warned() -> None:
    for trouble in (STORM, latest(sent=185, bounced=15)):
        _, back = looked([started()], trouble, NOON)
        assert isinstance(back, WarmUpSteppedBack)
        assert (back.step, back.per_hour) == (0, 50)


def test_people_block_and_open_with_a_reason() -> None:
    by_hand = LaneBlocked(
        **lane.about(PLACE, NOON), cause=BlockCause.BY_HAND, reason="asked to", evidence=Evidence()
    )
    block = lambda reason: lambda state: lane.block_by_hand(state, PLACE, reason=reason, now=NOON)  # noqa: E731
    open_ = lambda reason: lambda state: lane.open_by_hand(state, PLACE, reason=reason, now=NOON)  # noqa: E731
    state = Scenario(LANE).when(block("asked to")).then(by_hand)
    assert (state.standing, state.until) == (Standing.BLOCKED, None)
    assert looked([by_hand], STORM, later(days=30)) == [], "no rule opens it"
    Scenario(LANE).given(by_hand).when(block("again")).then()
    Scenario(LANE).given(blocked()).when(block("asked to")).then(by_hand)
    Scenario(LANE).when(block(" ")).refused(InvalidInputError, "say why")
    Scenario(LANE).when(open_("well")).refused(IllegalTransitionError, "open already")
    Scenario(LANE).given(by_hand).when(open_("")).refused(InvalidInputError, "say why")
    state = (
        Scenario(LANE)
        .given(by_hand)
        .when(open_("well"))
        .then(LaneOpened(**lane.about(PLACE, NOON), reason="well", by_hand=True))
    )
    assert state == Lane(cause=BlockCause.BY_HAND, since=NOON, trips=1, era=1, warm_up=WarmUp.NONE)
