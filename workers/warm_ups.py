"""Begins the warm-up of lanes that mail is about to be queued for, before it is queued."""

from collections.abc import Sequence

from commands.delivery.begin_warm_up import BeginWarmUp, begin_warm_up
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.lanes import PostgresLanes
from workers.acting import acting


class WarmUps:
    """Who dies after it began one begins none again: a lane that had one is not new."""

    def __init__(self, adapters: Adapters) -> None:
        self._log = adapters.log
        self._lanes = PostgresLanes(adapters.pool)
        self._by_default = adapters.settings.domains.warm_up

    def begin(self, run: CampaignRun, destinations: Sequence[str], *, actor: str) -> None:
        """Begin them for what a verified domain never sent to; the sandbox needs none."""
        if run.sandbox or not destinations:
            return
        for place in self._lanes.new_to(run.workspace_id, run.sending_domain, destinations):
            begin_warm_up(
                BeginWarmUp(place=place, by_default=self._by_default),
                acting(actor, run.workspace_id, new_id()),
                self._log,
                self._lanes,
            )
