"""Looks after the reputation of senders: breakers, warm-up, campaigns that must pause.

A step of the policies' process. It keeps nothing but how far it looked: what was counted stands in
a read model, what was decided in the streams of lanes and campaigns, and a decision that was made
is not made again. So it may die anywhere, and two of them do no harm.
"""

from time import monotonic
from uuid import UUID

import psycopg
import structlog

from commands.delivery.look_at_lane import LookAtLane, look_at_lane
from commands.delivery.ripen_lane import RipenLane, ripen_lane
from commands.policies.reputation_brake import BrakeCampaign, brake_campaign
from domain.delivery.lane import Place
from domain.delivery.reputation import Tally, Window
from domain.delivery.reputation_rules import RULES, Rules
from domain.shared.context import Context
from infra.bootstrap import Adapters
from infra.clock import new_id, now
from infra.failpoints import Failpoint, failpoint
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.lanes import PostgresLanes
from infra.postgres.sender_windows import Counted, SenderWindows
from workers.acting import acting

log = structlog.get_logger()

NAME = "reputation"
LOOK_EVERY_S = 1.0
LOOK_AT_ALL_EVERY_S = 60.0  # a rate may also rise above its least count by good messages
NOTHING = Window(era=-1, latest=Tally({}), day=Tally({}))


class Reputation:
    """Looks at what had trouble since the last look, at lanes that wait, at days that are over."""

    def __init__(self, adapters: Adapters, *, rules: Rules = RULES) -> None:
        self._log = adapters.log
        self._windows = SenderWindows(adapters.pool)
        self._lanes = PostgresLanes(adapters.pool)
        self._runs = PostgresCampaignRuns()
        self._rules = rules
        self._looked_upto = 0
        self._all_at = monotonic()
        self._next_at = 0.0

    def step_in_turn(self) -> None:
        """Take a step when it is time for one."""
        if monotonic() >= self._next_at:
            self.step()
            self._next_at = monotonic() + LOOK_EVERY_S

    def step(self) -> None:
        """Look at everything once."""
        if monotonic() - self._all_at >= LOOK_AT_ALL_EVERY_S:
            self._looked_upto, self._all_at = 0, monotonic()
        try:
            self._look_at_trouble()
            self._look_at_waiting()
            self._look_at_days()
        except psycopg.errors.UndefinedTable:
            log.info("sender_health_not_there", retry_in_s=LOOK_EVERY_S)

    def _look_at_trouble(self) -> None:
        for counted in self._windows.troubled(after=self._looked_upto, now=now()):
            if counted.place is None:
                self._brake(counted)
            else:
                self._look(counted.workspace_id, counted.place, counted.window)
            self._looked_upto = max(self._looked_upto, counted.trouble_at)
            failpoint(Failpoint.REPUTATION_LOOKED)

    def _look_at_waiting(self) -> None:
        """Grant probes where the cool-down is over, and conclude from those that were answered."""
        waiting = self._windows.waiting(now=now())
        probing = [(lane.workspace_id, lane.place.lane_id) for lane in waiting]
        windows = {
            (counted.workspace_id, counted.subject_id): counted.window
            for counted in (self._windows.named(probing, now=now()) if probing else ())
        }
        for lane in waiting:
            window = windows.get((lane.workspace_id, lane.place.lane_id), NOTHING)
            self._look(lane.workspace_id, lane.place, window, probes_left=lane.probes_left)

    def _look_at_days(self) -> None:
        for ripe in self._windows.ripe(now=now()):
            command = RipenLane(place=ripe.place, day=self._windows.day(ripe))
            ripen_lane(command, _context(ripe.workspace_id), self._log, self._lanes)

    def _look(
        self, workspace_id: UUID, place: Place, window: Window, *, probes_left: int = 0
    ) -> None:
        command = LookAtLane(place=place, window=window, probes_left=probes_left)
        context = _context(workspace_id)
        look_at_lane(command, context, self._log, self._lanes, rules=self._rules)

    def _brake(self, counted: Counted) -> None:
        command = BrakeCampaign(campaign_id=counted.subject_id, window=counted.window)
        context = _context(counted.workspace_id)
        brake_campaign(command, context, self._log, self._runs, rules=self._rules)


def _context(workspace_id: UUID) -> Context:
    return acting(NAME, workspace_id, new_id())
