"""Claim due messages in turn, sort out who gets nothing, render the rest."""

from collections import deque
from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from domain.delivery.events import SkipReason
from domain.shared.errors import DomainError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.campaign_runs import CampaignRun, RunFinder
from infra.postgres.email_queue import Claimed, EmailQueue
from workers.acting import acting
from workers.dispatching.campaign_mail import CampaignMail, CampaignMails, Ready
from workers.dispatching.skips import skipped

log = structlog.get_logger()

LONGEST_FAULT = 300


class Batch(msgspec.Struct, frozen=True):
    """Claimed and rendered messages of one campaign."""

    run: CampaignRun
    mails: list[Ready]


class Claimer:
    """Goes round the open campaigns, a claim each, the workspaces in turn."""

    def __init__(
        self, adapters: Adapters, queue: EmailQueue, mails: CampaignMails, *, sandbox: bool = False
    ) -> None:
        self._log = adapters.log
        self._vault = adapters.vault
        self._queue = queue
        self._mails = mails
        self._sandbox = sandbox
        self._finder = RunFinder(adapters.pool)
        self._turns: deque[CampaignRun] = deque()

    def next_batch(self, *, limit: int) -> Batch | None:
        """Return the next batch that is not empty; None when nothing is due."""
        if not self._turns:
            sendable = self._finder.sendable()
            self._turns.extend(in_turn([run for run in sendable if run.sandbox == self._sandbox]))
        while self._turns:
            run = self._turns.popleft()
            tasks = self._queue.claim(run, limit=limit)
            if tasks and (mails := self._prepare(run, tasks)):
                return Batch(run, mails)
        return None

    def _prepare(self, run: CampaignRun, tasks: Sequence[Claimed]) -> list[Ready]:
        """Render what can be sent, record why the others get nothing."""
        keys = self._vault.ciphers(
            run.workspace_id, {task.contact_id for task in tasks}, mint=False
        )
        mail: CampaignMail | None = None
        fault = ""
        try:
            mail = self._mails.of(run)
        except DomainError as error:
            fault = str(error)[:LONGEST_FAULT]
            log.warning("campaign_unrenderable", campaign_id=str(run.campaign_id), error=str(error))
        ready: list[Ready] = []
        out: list[tuple[Claimed, SkipReason]] = []
        for task in tasks:
            made = _ready(task, mail, has_key=task.contact_id in keys)
            if isinstance(made, Ready):
                ready.append(made)
            else:
                out.append((task, made))
        if out:
            self.skip(run, out, fault=fault)
        return ready

    def skip(
        self, run: CampaignRun, out: Sequence[tuple[Claimed, SkipReason]], *, fault: str = ""
    ) -> None:
        """Record why these get nothing, and take them off the queue.

        `fault` is what keeps the whole campaign from being written, in the words of its error.
        """
        facts = [
            skipped(
                task.message_id,
                campaign_id=run.campaign_id,
                contact_id=task.contact_id,
                reason=reason,
                detail=fault if reason is SkipReason.UNRENDERABLE else "",
            )
            for task, reason in out
        ]
        gone: list[UUID] = [task.message_id for task, _ in out]
        self._log.record(
            facts,
            acting("dispatcher", run.workspace_id, new_id()),
            effects=[self._queue.remove(run.workspace_id, gone)],
        )


def _ready(task: Claimed, mail: CampaignMail | None, *, has_key: bool) -> Ready | SkipReason:
    if task.stopped is not None:
        return SkipReason(task.stopped)
    if task.email is None or not has_key:
        return SkipReason.ERASED
    if mail is None:
        return SkipReason.UNRENDERABLE
    try:
        return mail.render(task, task.email, sent_at=task.claimed_at)
    except (DomainError, ValueError, LookupError) as error:
        log.warning("message_unrenderable", message_id=str(task.message_id), error=error)
        return SkipReason.UNRENDERABLE


def in_turn(runs: Sequence[CampaignRun]) -> list[CampaignRun]:
    """Order the runs so that each workspace has one turn before any has its second."""
    by_workspace: dict[UUID, deque[CampaignRun]] = {}
    for run in runs:
        by_workspace.setdefault(run.workspace_id, deque()).append(run)
    ordered = []
    while by_workspace:
        for workspace_id, waiting in list(by_workspace.items()):
            ordered.append(waiting.popleft())
            if not waiting:
                del by_workspace[workspace_id]
    return ordered
