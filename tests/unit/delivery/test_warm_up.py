"""The curve of a new sending domain, by the clock."""

from datetime import datetime

import pytest

from domain.delivery import lane, warm_up
from domain.delivery.lane import LANE, Lane, Standing, WarmUp
from domain.delivery.lane_events import (
    BlockCause,
    Evidence,
    LaneBlocked,
    LaneEvent,
    WarmUpAdvanced,
    WarmUpCompleted,
    WarmUpHeld,
    WarmUpSkipped,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.delivery.warm_up import STEPS, Day, begin_warm_up, restart_warm_up, ripen, skip_warm_up
from domain.shared.errors import InvalidInputError
from tests.support.lanes import NOON, PLACE, day, later
from tests.support.scenario import Scenario

GOOD = day(sent=1_000)
NEW = WarmUpStarted(**lane.about(PLACE, NOON), reason="new", per_hour=50)


def ripened(past: list[LaneEvent], what: Day, at: datetime) -> list[LaneEvent]:
    return ripen(LANE.fold(past), PLACE, what, now=at)


def test_from_fifty_an_hour_to_no_cap_a_step_a_day() -> None:
    past: list[LaneEvent] = [NEW]
    allowed: list[int | None] = [NEW.per_hour]
    for number in range(1, len(STEPS) + 1):
        assert ripened(past, GOOD, later(days=number, seconds=-1)) == []
        (event,) = ripened(past, GOOD, later(days=number))
        past.append(event)
        allowed.append(event.per_hour if isinstance(event, WarmUpAdvanced) else None)
    assert allowed == [50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, None]
    assert isinstance(past[-1], WarmUpCompleted)
    assert LANE.fold(past).warm_up is WarmUp.COMPLETED
    assert ripened(past, GOOD, later(days=90)) == []


@pytest.mark.parametrize(
    ("what", "need"),
    [
        (day(full_hours=3, sent=9), "4 hours in which at least 40 messages are sent; there are 3"),
        (day(sent=94, bounced=6), "at most 5.0% of messages bounced; it is 6 of 100"),
        (day(sent=999, complained=2), "at most 0.1% of messages complained of; it is 2 of 999"),
        (day(sent=84, slowed=8, deferred=8), "at most 15.0% of messages put off; it is 16 of 100"),
    ],
)
def test_a_day_that_was_not_good_holds_the_step_and_says_why(what: Day, need: str) -> None:
    (event,) = ripened([NEW], what, later(days=1))
    assert isinstance(event, WarmUpHeld)
    assert event.reason == f"the next step needs {need}"
    assert ripened([NEW, event], GOOD, later(days=2, seconds=-1)) == [], "another day begins"
    assert isinstance(ripened([NEW, event], GOOD, later(days=2))[0], WarmUpAdvanced)


def test_rates_at_their_limits_are_good_enough() -> None:
    assert warm_up.unmet(day(sent=950, bounced=50, complained=1, slowed=150), step=0) == []


def test_a_step_back_begins_the_step_before_again() -> None:
    past = [
        NEW,
        WarmUpAdvanced(
            **lane.about(PLACE, later(days=1)), reason="", step=1, per_hour=100, evidence=Evidence()
        ),
    ]
    (event,) = warm_up.step_back(LANE.fold(past), PLACE, "421", Evidence(), now=later(days=1))
    assert isinstance(event, WarmUpSteppedBack)
    assert (event.step, event.per_hour, event.reason) == (0, 50, "421")
    state = LANE.fold([*past, event])
    assert (state.step, state.day_began) == (0, later(days=1))
    assert warm_up.step_back(Lane(), PLACE, "421", Evidence(), now=NOON) == []


def test_a_blocked_lane_and_one_without_warm_up_do_not_ripen() -> None:
    blocked = LaneBlocked(
        **lane.about(PLACE, NOON), cause=BlockCause.BY_HAND, reason="x", evidence=Evidence()
    )
    assert LANE.fold([NEW, blocked]).standing is Standing.BLOCKED
    assert ripened([NEW, blocked], GOOD, later(days=2)) == []
    assert ripened([], GOOD, later(days=2)) == []


def test_it_begins_once_is_skipped_with_a_reason_and_can_begin_again() -> None:
    skipped = WarmUpSkipped(**lane.about(PLACE, NOON), reason="domain already warm")
    begin = lambda state: begin_warm_up(state, PLACE, reason="new", now=NOON)  # noqa: E731
    skip = lambda state: skip_warm_up(state, PLACE, reason="domain already warm", now=NOON)  # noqa: E731
    Scenario(LANE).when(begin).then(NEW)
    Scenario(LANE).given(NEW).when(begin).then()
    state = Scenario(LANE).given(NEW).when(skip).then(skipped)
    assert state.warm_up is WarmUp.SKIPPED
    Scenario(LANE).given(skipped).when(skip).then()
    Scenario(LANE).given(skipped).when(begin).then()
    again = lambda _: restart_warm_up(PLACE, reason="new", now=NOON)  # noqa: E731
    assert Scenario(LANE).given(skipped).when(again).then(NEW).warm_up is WarmUp.RUNNING
    nothing = lambda _: restart_warm_up(PLACE, reason="", now=NOON)  # noqa: E731
    Scenario(LANE).when(nothing).refused(InvalidInputError, "say why")
