"""The scheduler: launches what is due, ends what is done, clears up what was cancelled or lost."""

from time import monotonic
from uuid import UUID

import structlog

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.delivery.events import SkipReason
from domain.delivery.sending_domain import SendingDomainUnverifiedError
from domain.shared.errors import DomainError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.observability.metrics import serve_metrics
from infra.postgres.account_leftovers import forget_account_leftovers
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_runs import (
    CampaignRun,
    PostgresCampaignRuns,
    RunFinder,
    close_run,
)
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.email_queue import cancelled_tasks
from infra.postgres.heartbeats import beat
from infra.postgres.snapshots import PostgresSnapshots
from infra.postgres.template_previews import forget_previews
from workers.acting import acting
from workers.dispatching.recovery import Recovery
from workers.dispatching.skips import Unsent, skip_queued
from workers.erasing import ErasureFinisher
from workers.invitations import InvitationCloser
from workers.leaving import Leaving
from workers.old_months import archive_in_background
from workers.retention import Retention
from workers.runtime import Stop, run_steps
from workers.suppression_ends import SuppressionEnds
from workers.vault_keeper import VaultKeeper

log = structlog.get_logger()

NAME = "scheduler"
POLL_S = 0.25
CANCEL_BATCH = 500
DAY_S = 86_400.0
HELD_S = 30.0  # a campaign whose domain is not verified is looked at again


class Scheduler:
    """Looks at the calendar of all workspaces."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._log = adapters.log
        self._runs = PostgresCampaignRuns()
        self._audience = PostgresAudience(adapters.pool)
        self._finder = RunFinder(adapters.pool)
        self._recovery = Recovery(
            log=adapters.log,
            leases=DispatcherLeases(adapters.pool),
            mode=adapters.settings.bulk_mode,
        )
        self._vault_keeper = VaultKeeper(adapters)
        self._erasures = ErasureFinisher(adapters, worker=NAME)
        self._retention = Retention(adapters)
        self._leaving = Leaving(adapters, worker=NAME)
        self._invitations = InvitationCloser(adapters, worker=NAME)
        self._suppression_ends = SuppressionEnds(adapters, worker=NAME)
        self._house_kept_until = 0.0
        self._held: dict[UUID, float] = {}

    def step(self) -> bool:
        """Do all that there is; tells whether there may be more of it at once."""
        self._keep_house()
        for run in self._finder.due():
            if self._held.get(run.campaign_id, 0.0) <= monotonic():
                self._launch(run)
        recovered = self._recovery.step()
        cancelled = sum(self._skip_cancelled(run) for run in self._finder.cancelled_with_tasks())
        for run in self._finder.finished():
            self._finish(run)
        erased = self._erasures.step()
        let_go = self._retention.step()
        self._leaving.step()
        self._suppression_ends.step()
        closed = self._invitations.step()
        return bool(recovered or cancelled or erased or let_go or closed)

    def _launch(self, run: CampaignRun) -> None:
        """Launch; a campaign that has nobody to go to at its time is cancelled, not kept."""
        if not self._audience.anybody(run.workspace_id):
            self._cancel(run, reason="the audience was empty when the campaign was due")
            return
        try:
            launch_campaign(
                LaunchCampaign(campaign_id=run.campaign_id),
                acting(NAME, run.workspace_id, new_id()),
                self._log,
                PostgresSnapshots(),
                self._runs,
                self._audience,
                self._adapters.sender_domains,
            )
        except SendingDomainUnverifiedError as error:
            self._held[run.campaign_id] = monotonic() + HELD_S
            log.warning("launch_held", campaign_id=str(run.campaign_id), reason=str(error))
        except DomainError as error:
            # Somebody was faster, or the clocks differ a little: the next look will tell.
            log.info("launch_refused", campaign_id=str(run.campaign_id), error=str(error))

    def _cancel(self, run: CampaignRun, *, reason: str) -> None:
        log.warning("scheduled_campaign_cancelled", campaign_id=str(run.campaign_id), reason=reason)
        try:
            cancel_campaign(
                CancelCampaign(campaign_id=run.campaign_id),
                acting(NAME, run.workspace_id, new_id()),
                self._log,
                self._runs,
            )
        except DomainError as error:
            log.info("cancel_overtaken", campaign_id=str(run.campaign_id), error=str(error))

    def _skip_cancelled(self, run: CampaignRun) -> int:
        """Give each queued message of a cancelled campaign its reason, a batch a step."""
        tasks = cancelled_tasks(self._adapters.pool, run, limit=CANCEL_BATCH)
        if not tasks:
            return 0
        unsent = [Unsent(message, run.campaign_id, contact) for message, contact in tasks]
        skip_queued(self._log, NAME, run.workspace_id, unsent, reason=SkipReason.CANCELLED)
        return len(tasks)

    def _finish(self, run: CampaignRun) -> None:
        """Complete a campaign without tasks; one that has ended only leaves the calendar."""
        if run.gate == "cancelled":
            self._finder.put_away(run)
            return
        self._log.decide(
            CAMPAIGN,
            run.campaign_id,
            lambda campaign: decider.complete(campaign, campaign_id=run.campaign_id),
            acting(NAME, run.workspace_id, new_id()),
            effects=lambda _: [close_run(run)],
        )
        self._finder.put_away(run)  # completed before: a message that was queued again is through
        log.info("campaign_completed", campaign_id=str(run.campaign_id))

    def _keep_house(self) -> None:
        """Once a day: next month's partitions, and what nobody needs any more."""
        if self._house_kept_until and monotonic() < self._house_kept_until:
            return
        with self._adapters.pool.connection() as connection:
            connection.execute("SELECT ensure_fact_partitions()")
            connection.execute("SELECT forget_leftovers()")
        forget_account_leftovers(self._adapters.pool)
        forget_previews(self._adapters.pool)
        while self._adapters.rate_buckets.forget_full():
            pass
        self._vault_keeper.look()
        if self._adapters.settings.archive_after_days:
            archive_in_background(self._adapters.settings)
        self._house_kept_until = monotonic() + DAY_S


def _show_metrics(adapters: Adapters) -> None:
    """Serve the metrics, if a port is set; one that is taken is no reason to stop the mail."""
    host, port = adapters.settings.metrics_host, adapters.settings.metrics_port
    if not port:
        return
    try:
        serve_metrics(adapters.pool, host=host, port=port)
    except OSError as error:
        log.warning("metrics_not_shown", host=host, port=port, error=error)


def run(adapters: Adapters, stop: Stop) -> None:
    """Schedule until the stop; shows the engine's metrics meanwhile, where a port is set."""
    _show_metrics(adapters)
    scheduler = Scheduler(adapters)

    def step() -> bool:
        beat(adapters.pool, NAME)
        return scheduler.step()

    run_steps(NAME, stop, step, idle_s=POLL_S)
