"""Claim due messages in turn, sort out who gets nothing, render the rest."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import msgspec
import structlog

from domain.delivery.events import SkipReason
from domain.delivery.fair_turns import FairTurns
from domain.shared.errors import DomainError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.failpoints import Failpoint, failpoint
from infra.postgres.campaign_runs import CampaignRun, RunFinder
from infra.postgres.email_queue import Claimed, EmailQueue
from workers.acting import acting
from workers.dispatching.campaign_mail import CampaignMail, CampaignMails, Ready
from workers.dispatching.skips import skipped

log = structlog.get_logger()

LIST_EVERY_S = 0.25  # who came meanwhile is seen
LISTING_SHARE = 10  # a list is kept ten times as long as it took to make
FIRST_CLAIM = 20
LEAST_CLAIM = 10
GROW_EVERY_S = 0.25  # the first claims go into empty hands, whatever the pace
AIM_S = 0.5  # what a claim takes to go out: claims that wait bound how long somebody else waits

SIGNERS = min(os.cpu_count() or 1, 8)
LONGEST_FAULT = 300


class Batch(msgspec.Struct, frozen=True):
    """Claimed and rendered messages of one campaign."""

    run: CampaignRun
    mails: list[Ready]


class Claimer:
    """Claims for the lane whose turn it is, as much as goes out in half a second.

    `next_batch` is asked when there is room: the time between two calls is what a batch took.
    """

    def __init__(
        self,
        adapters: Adapters,
        queue: EmailQueue,
        mails: CampaignMails,
        *,
        sandbox: bool = False,
        clock: Callable[[], float] = time.monotonic,
        may_leave: Callable[[UUID], bool] = lambda _: True,
    ) -> None:
        self._log = adapters.log
        self._vault = adapters.vault
        self._queue = queue
        self._mails = mails
        self._sandbox = sandbox
        self._may_leave = may_leave
        self._signers = ThreadPoolExecutor(SIGNERS, thread_name_prefix="sign")
        self._finder = RunFinder(adapters.pool)
        self._turns: FairTurns[tuple[UUID, str]] = FairTurns()
        self._runs: Mapping[tuple[UUID, str], CampaignRun] = {}
        self._clock = clock
        self._list_again_at = 0.0
        self._grow_at = clock() + GROW_EVERY_S
        self._size = FIRST_CLAIM
        self._gave: tuple[int, float] | None = None  # messages, and when they were given

    def next_batch(self, *, limit: int) -> Batch | None:
        """Return the next batch that is not empty; None when nothing is due."""
        self._learn(limit)
        if self._clock() >= self._list_again_at:
            self._list()
        while (lane := self._turns.next()) is not None:
            run = self._runs[lane]
            if not self._may_leave(run.workspace_id):
                # No relay for it now: nothing is claimed, no allowance is spent.
                self._turns.took(run.workspace_id, lane, 0, has_more=False)
                continue
            tasks = self._queue.claim(run, limit=self._size)
            has_more = len(tasks) == self._size
            self._turns.took(run.workspace_id, lane, len(tasks), has_more=has_more)
            if tasks and (mails := self._prepare(run, tasks)):
                self._gave = len(mails), self._clock()
                failpoint(Failpoint.DISPATCHER_CLAIMED)
                return Batch(run, mails)
        return None

    def _list(self) -> None:
        """See which lanes have something to send."""
        began = self._clock()
        self._runs = {
            (run.campaign_id, run.destination): run
            for run in self._finder.sendable()
            if run.sandbox == self._sandbox
        }
        self._turns.offer([(run.workspace_id, lane) for lane, run in self._runs.items()])
        took = self._clock() - began
        self._list_again_at = began + max(LIST_EVERY_S, took * LISTING_SHARE)

    def _learn(self, limit: int) -> None:
        """Fit the size of a claim to the pace at which batches go out."""
        now, gave, self._gave = self._clock(), self._gave, None
        if gave is not None:
            messages, at = gave
            fitting = max(LEAST_CLAIM, int(messages * AIM_S / max(now - at, 0.001)))
            if fitting < self._size:
                self._size = max(fitting, self._size // 2)
            elif now >= self._grow_at:
                self._size = min(fitting, self._size * 2)
                self._grow_at = now + GROW_EVERY_S
        self._size = min(self._size, limit)

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

        def make(task: Claimed) -> Ready | SkipReason:
            return _ready(task, mail, has_key=task.contact_id in keys)

        # A signature of RSA costs more than all the rest, and leaves the interpreter to others.
        side_by_side = mail is not None and mail.signs_slowly
        results = self._signers.map(make, tasks) if side_by_side else map(make, tasks)
        for task, made in zip(tasks, results, strict=True):
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
