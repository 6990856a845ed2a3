"""The audience expander: from a launched campaign to one queued message a person.

One transaction a page holds the facts, the tasks and how far the run is; a page that was already
recorded is recognised by its command id, so that the worker may die anywhere.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN
from domain.delivery.events import EmailsQueued, SkipReason
from domain.shared.ids import derive_id
from domain.shared.message_id import message_id
from domain.shared.model import Fact
from domain.shared.packed_ids import pack_ids
from infra.bootstrap import Adapters
from infra.postgres.audience_pages import AudiencePages, Person, advance_run
from infra.postgres.campaign_runs import CampaignRun, PostgresCampaignRuns, RunFinder
from infra.postgres.email_queue import add_tasks
from infra.postgres.heartbeats import beat
from workers.acting import acting
from workers.dispatching.skips import skipped
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

PAGE = 5_000
CHUNK = 500  # people named by one EmailsQueued
POLL_S = 0.2
NAME = "expander"


class AudienceExpander:
    """Works on one page a step, on the campaigns in the order of their launch."""

    def __init__(self, adapters: Adapters, *, page: int = PAGE) -> None:
        self._log = adapters.log
        self._finder = RunFinder(adapters.pool)
        self._pages = AudiencePages(adapters.pool)
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
        people = self._pages.page(run, limit=self._page)
        if people:
            self._record(run, people)
        else:
            self._freeze(run)

    def _record(self, run: CampaignRun, people: Sequence[Person]) -> None:
        verdicts = [(person, _verdict(run, person)) for person in people]
        going = [person for person, reason in verdicts if reason is None]
        queued = [person.contact_id for person in going]
        out = [(person.contact_id, reason) for person, reason in verdicts if reason is not None]
        after = people[-1].contact_id
        messages = [_message_id(run, contact_id) for contact_id in queued]
        self._log.record(
            [
                *_queued(run, queued),
                *(
                    skipped(
                        _message_id(run, contact_id),
                        campaign_id=run.campaign_id,
                        contact_id=contact_id,
                        reason=reason,
                    )
                    for contact_id, reason in out
                ),
            ],
            acting(NAME, run.workspace_id, _command_id(run, b"page", run.expand_after)),
            effects=[
                advance_run(run, after=after, queued=len(queued), skipped=len(out)),
                add_tasks(run, messages, queued, [person.destination for person in going]),
            ],
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


def _verdict(run: CampaignRun, person: Person) -> SkipReason | None:
    if run.gate == "cancelled":
        return SkipReason.CANCELLED
    if person.stopped is not None:
        return SkipReason(person.stopped)
    return None if person.has_address else SkipReason.ERASED


def _queued(run: CampaignRun, contacts: Sequence[UUID]) -> list[Fact]:
    chunks = [contacts[at : at + CHUNK] for at in range(0, len(contacts), CHUNK)]
    return [
        Fact(
            _command_id(run, b"queued", chunk[0]),
            EmailsQueued(
                campaign_id=run.campaign_id,
                launched_at_ms=run.launched_at_ms,
                recipients=pack_ids(chunk),
            ),
        )
        for chunk in chunks
    ]


def _message_id(run: CampaignRun, contact_id: UUID) -> UUID:
    return message_id(
        campaign_id=run.campaign_id, contact_id=contact_id, launched_at_ms=run.launched_at_ms
    )


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
