"""Whatever happens to a lane, in whatever order: its life is a legal one."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery import breaker, lane, warm_up
from domain.delivery.lane import LANE, Standing, WarmUp
from domain.delivery.lane_events import LaneEvent
from domain.delivery.reputation import Kind
from domain.delivery.warm_up import STEPS
from domain.shared.errors import DomainError
from tests.support.lanes import NOON, PLACE, day, latest

pytestmark = pytest.mark.property

LEGAL = {
    (Standing.OPEN, Standing.BLOCKED),
    (Standing.BLOCKED, Standing.PROBING),
    (Standing.BLOCKED, Standing.OPEN),  # by hand alone
    (Standing.PROBING, Standing.OPEN),
    (Standing.PROBING, Standing.BLOCKED),
}
COUNTS = st.fixed_dictionaries({}, optional={k.value: st.integers(0, 500) for k in Kind})
DEEDS = st.tuples(
    st.sampled_from(["look", "ripen", "begin", "skip", "restart", "open", "block"]),
    COUNTS,
    st.integers(0, 48 * 60),  # minutes that pass before
    st.integers(0, 6),  # well used hours, probes left
)


def deed(  # noqa: PLR0911 - one a deed
    past: list[LaneEvent], name: str, counts: dict[str, int], *, now: datetime, number: int
) -> list[LaneEvent]:
    state = LANE.fold(past)
    match name:
        case "look":
            window = latest(era=state.era, **counts)
            return breaker.look(state, PLACE, window, left=number, now=now)
        case "ripen":
            return warm_up.ripen(state, PLACE, day(full_hours=number, **counts), now=now)
        case "begin":
            return warm_up.begin_warm_up(state, PLACE, reason="x", now=now)
        case "skip":
            return warm_up.skip_warm_up(state, PLACE, reason="x", now=now)
        case "restart":
            return warm_up.restart_warm_up(PLACE, reason="x", now=now)
        case "open":
            return lane.open_by_hand(state, PLACE, reason="x", now=now)
        case _:
            return lane.block_by_hand(state, PLACE, reason="x", now=now)


@given(deeds=st.lists(DEEDS, max_size=25))
def test_every_life_of_a_lane_is_legal(
    deeds: list[tuple[str, dict[str, int], int, int]],
) -> None:
    past: list[LaneEvent] = []
    now = NOON
    for name, counts, minutes, number in deeds:
        now += timedelta(minutes=minutes)
        before = LANE.fold(past)
        try:
            events = deed(past, name, counts, now=now, number=number)
        except DomainError:
            continue
        past += events
        after = LANE.fold(past)
        if events and name in {"look", "ripen"}:
            again = deed(past, name, counts, now=now, number=number)
            assert again == [] or after.era != before.era, "said twice, nothing new"
            assert all(event.reason for event in events)
        if name == "look" and before.standing is Standing.BLOCKED and events:
            assert before.until is not None
            assert now >= before.until, "no rule opens before its time"
        if after.warm_up is WarmUp.RUNNING and before.warm_up is WarmUp.RUNNING:
            assert after.step - before.step <= 1 or name == "restart"
        assert 0 <= after.step < len(STEPS)
    standings = [LANE.fold(past[:n]).standing for n in range(len(past) + 1)]
    assert {pair for pair in pairwise(standings) if pair[0] != pair[1]} <= LEGAL
