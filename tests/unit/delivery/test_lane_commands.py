"""Commands about lanes, on the log in memory."""

from uuid import UUID, uuid4

import pytest

from commands.delivery.begin_warm_up import BeginWarmUp, begin_warm_up
from commands.delivery.block_lane import BlockLane, block_lane
from commands.delivery.look_at_lane import LookAtLane, look_at_lane
from commands.delivery.open_lane import OpenLane, open_lane
from commands.delivery.restart_warm_up import RestartWarmUp, restart_warm_up
from commands.delivery.ripen_lane import RipenLane, ripen_lane
from commands.delivery.skip_warm_up import SkipWarmUp, skip_warm_up
from commands.policies.reputation_brake import BrakeCampaign, brake_campaign
from domain.delivery.lane import ALL, LANE, Place, Standing, WarmUp, named_place
from domain.delivery.lane_events import LaneEvent
from domain.delivery.reputation_rules import Scope, find
from domain.shared.errors import InvalidInputError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.lanes import OF_DOMAIN, OF_WORKSPACE, PLACE, day, latest
from tests.support.memory_ports import MemoryCampaignRuns, Said

WORKSPACE = uuid4()


class MemoryLanes:
    """The port `Lanes`: knows the lanes that something was said of."""

    def __init__(self) -> None:
        self.shown: list[LaneEvent] = []

    def show(self, workspace_id: UUID, event: LaneEvent) -> Said:
        del workspace_id
        self.shown.append(event)
        return Said("show", event)

    def of_domain(self, workspace_id: UUID, sending_domain: str) -> list[Place]:
        del workspace_id
        seen = {Place(event.sending_domain, event.destination) for event in self.shown}
        found = [p for p in seen if p.sending_domain == sending_domain and p.destination != ALL]
        return sorted(found, key=lambda place: place.destination)


@pytest.fixture
def log() -> MemoryEventLog:
    return MemoryEventLog()


def begun(log: MemoryEventLog, lanes: MemoryLanes, place: Place, *, by_default: bool) -> bool:
    return begin_warm_up(
        BeginWarmUp(place=place, by_default=by_default), asking(WORKSPACE), log, lanes
    )


def warm_up_of(log: MemoryEventLog, place: Place = PLACE) -> WarmUp:
    return log.state(LANE, place.lane_id, asking(WORKSPACE)).warm_up


def test_a_lane_is_blocked_and_opened_by_hand(log: MemoryEventLog) -> None:
    lanes = MemoryLanes()
    block_lane(BlockLane(place=PLACE, reason="abuse"), asking(WORKSPACE), log, lanes)
    state = log.state(LANE, PLACE.lane_id, asking(WORKSPACE))
    assert state.standing is Standing.BLOCKED
    open_lane(OpenLane(place=PLACE, reason="settled"), asking(WORKSPACE), log, lanes)
    assert [event.reason for event in lanes.shown] == ["abuse", "settled"]


def test_a_look_shows_what_it_decided(log: MemoryEventLog) -> None:
    lanes = MemoryLanes()
    look = LookAtLane(place=PLACE, window=latest(slowed=20))
    look_at_lane(look, asking(WORKSPACE), log, lanes)
    look_at_lane(look, asking(WORKSPACE), log, lanes)
    assert len(lanes.shown) == 1
    ripen_lane(RipenLane(place=PLACE, day=day()), asking(WORKSPACE), log, lanes)
    assert len(lanes.shown) == 1


@pytest.mark.parametrize("by_default", [True, False])
def test_a_warm_up_begins_once_where_it_is_the_default(
    log: MemoryEventLog, *, by_default: bool
) -> None:
    lanes = MemoryLanes()
    assert begun(log, lanes, PLACE, by_default=by_default) is by_default
    begun(log, lanes, PLACE, by_default=by_default)
    assert len(lanes.shown) == by_default


def test_what_is_said_of_a_domain_holds_for_its_lanes_now_and_later(log: MemoryEventLog) -> None:
    lanes, other = MemoryLanes(), Place("acme.example", "yahoo")
    begun(log, lanes, PLACE, by_default=True)
    skip = SkipWarmUp(place=OF_DOMAIN, reason="domain already warm")
    skip_warm_up(skip, asking(WORKSPACE), log, lanes)
    assert warm_up_of(log) is WarmUp.SKIPPED
    assert not begun(log, lanes, other, by_default=True)
    restart = RestartWarmUp(place=OF_DOMAIN, reason="new address")
    restart_warm_up(restart, asking(WORKSPACE), log, lanes)
    assert warm_up_of(log) is WarmUp.RUNNING
    assert begun(log, lanes, other, by_default=False)
    skip_warm_up(SkipWarmUp(place=other, reason="warm"), asking(WORKSPACE), log, lanes)
    assert (warm_up_of(log), warm_up_of(log, other)) == (WarmUp.RUNNING, WarmUp.SKIPPED)
    restart_warm_up(RestartWarmUp(place=other, reason="cold"), asking(WORKSPACE), log, lanes)
    assert warm_up_of(log, other) is WarmUp.RUNNING


def test_what_is_said_of_a_workspace_holds_for_new_lanes_of_domains_without_a_word(
    log: MemoryEventLog,
) -> None:
    lanes, other = MemoryLanes(), Place("acme.example", "yahoo")
    begun(log, lanes, PLACE, by_default=True)
    skip = SkipWarmUp(place=OF_WORKSPACE, reason="we were warm elsewhere")
    skip_warm_up(skip, asking(WORKSPACE), log, lanes)
    assert warm_up_of(log) is WarmUp.RUNNING, "lanes that are there go on as they are"
    assert not begun(log, lanes, other, by_default=True)
    restart = RestartWarmUp(place=OF_DOMAIN, reason="this one is new")
    restart_warm_up(restart, asking(WORKSPACE), log, lanes)
    assert begun(log, lanes, other, by_default=False)


def test_a_brake_finds_what_stops_and_pauses_only_what_runs(log: MemoryEventLog) -> None:
    campaign = uuid4()

    def braked(**counts: int) -> object:
        command = BrakeCampaign(campaign_id=campaign, window=latest(**counts))
        return brake_campaign(command, asking(WORKSPACE), log, MemoryCampaignRuns())

    assert braked(sent=200) is None
    assert braked(sent=188, bounced=12) is None, "a warning pauses nothing"
    window = latest(sent=100, bounced=100)
    assert braked(sent=100, bounced=100) == find(window, scope=Scope.CAMPAIGN)


@pytest.mark.parametrize(
    ("domain", "destination", "said"),
    [
        ("ALL", "google", "goes with the destination"),
        ("acme", "google", "no sending domain"),
        ("acme.example", "gogle", "no destination"),
    ],
)
def test_a_lane_that_cannot_be_is_refused(domain: str, destination: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        named_place(domain, destination)


def test_a_lane_is_named_in_any_case() -> None:
    assert named_place("Acme.Example", "Google") == PLACE
    assert named_place("all", "all") == OF_WORKSPACE
