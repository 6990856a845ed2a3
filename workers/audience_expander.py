"""The audience expander: from a launched campaign to one queued message a person.

One transaction a page holds the facts, the tasks and how far the run is; a page that was already
recorded is recognised by its command id, so that the worker may die anywhere.
"""

from base64 import b64encode
from collections.abc import Sequence
from uuid import UUID

import structlog

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.delivery.events import EmailsQueued, SkipReason
from domain.shared.ids import derive_id
from domain.shared.message_id import message_id
from domain.shared.model import Fact
from domain.shared.packed_ids import ID_BYTES
from infra.bootstrap import Adapters
from infra.postgres.audience_pages import AudiencePage, AudiencePages, queue_page
from infra.postgres.campaign_runs import CampaignRun, PostgresCampaignRuns, RunFinder
from infra.postgres.heartbeats import beat
from workers.acting import acting
from workers.dispatching.skips import skipped
from workers.runtime import Stop, run_steps
from workers.warm_ups import WarmUps

log = structlog.get_logger()

FIRST_PAGE = 500
PAGE = 10_000  # a tenth of a second: so long a page holds up whoever follows the log
CHUNK = 500  # people named by one EmailsQueued
POLL_S = 0.2
NAME = "expander"


class AudienceExpander:
    """Works on one page a step, on the campaigns in the order of their launch."""

    def __init__(self, adapters: Adapters, *, page: int = PAGE) -> None:
        self._log = adapters.log
        self._finder = RunFinder(adapters.pool)
        self._pages = AudiencePages(adapters.pool)
        self._warm_ups = WarmUps(adapters)
        self._page = page

    def step(self) -> bool:
        """Expand a page of each campaign that is ready; tells whether there was one."""
        busy = False
        for run in self._finder.expandable():
            if self._pages.ready(run):
                self._expand(run)
                busy = True
        return busy

    def _expand(self, run: CampaignRun) -> None:
        # A small page first: mail leaves while the rest is being queued.
        limit = self._page if run.queued + run.skipped else min(FIRST_PAGE, self._page)
        page = self._pages.page(run, limit=limit, chunk=CHUNK)
        if page.last is None:
            self._freeze(run)
            return
        self._warm_ups.begin(run, page.destinations, actor=NAME)
        self._log.record(
            [*_queued(run, page.chunks), *_skipped(run, page)],
            acting(NAME, run.workspace_id, _command_id(run, b"page", run.expand_after)),
            effects=queue_page(run, page),
        )

    def _freeze(self, run: CampaignRun) -> None:
        expanded = PostgresCampaignRuns().mark_expanded(run.workspace_id, run.campaign_id)
        self._log.decide(
            CAMPAIGN,
            run.campaign_id,
            lambda campaign: decider.freeze_audience(
                campaign, campaign_id=run.campaign_id, queued=run.queued, skipped=run.skipped
            ),
            acting(NAME, run.workspace_id, _command_id(run, b"freeze", run.expand_after)),
            effects=lambda _: [expanded],
        )
        log.info(
            "audience_frozen",
            campaign_id=str(run.campaign_id),
            queued=run.queued,
            skipped=run.skipped,
        )


def _queued(run: CampaignRun, chunks: Sequence[bytes]) -> list[Fact]:
    return [
        Fact(
            _command_id(run, b"queued", UUID(bytes=chunk[:ID_BYTES])),
            EmailsQueued(
                campaign_id=run.campaign_id,
                launched_at_ms=run.launched_at_ms,
                recipients=b64encode(chunk).decode("ascii"),
            ),
        )
        for chunk in chunks
    ]


def _skipped(run: CampaignRun, page: AudiencePage) -> list[Fact]:
    return [
        skipped(
            message_id(
                campaign_id=run.campaign_id,
                contact_id=contact_id,
                launched_at_ms=run.launched_at_ms,
            ),
            campaign_id=run.campaign_id,
            contact_id=contact_id,
            reason=SkipReason(reason),
        )
        for contact_id, reason in zip(page.out, page.reasons, strict=True)
    ]


def _command_id(run: CampaignRun, what: bytes, at: UUID) -> UUID:
    return derive_id(run.launched_at_ms, b"expand", what, run.campaign_id.bytes, at.bytes)


def run(adapters: Adapters, stop: Stop) -> None:
    """Expand until the stop."""
    expander = AudienceExpander(adapters)

    def step() -> bool:
        busy = expander.step()
        if not busy:
            beat(adapters.pool, NAME)
        return busy

    run_steps(NAME, stop, step, idle_s=POLL_S)
