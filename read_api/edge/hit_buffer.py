"""Opens and clicks wait here until they are appended in groups: at most 100 ms, or 500 of them.

What a crash of the process loses is what is in here. A database that is away loses nothing until
the buffer is full; then the oldest hits go, and their number is logged.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from threading import Condition, Thread
from uuid import UUID

import msgspec
import structlog

from commands.engagement.record_hits import Campaigns, Hit, record_hits
from commands.ports import EventLog
from domain.shared.context import Context

log = structlog.get_logger()

GROUP = 500
WAIT_S = 0.1
RETRY_S = 1.0
CAPACITY = 100_000
ACTOR = "tracking"


class _Group(msgspec.Struct, frozen=True):
    """Hits of one workspace under one command id, which makes another attempt harmless."""

    context: Context
    hits: Sequence[Hit]


class HitBuffer:
    """The port `commands.http.ports.Hits`: one thread appends what the routes add.

    The log is asked for at each append: opening it needs a database that is there.
    """

    def __init__(
        self,
        event_log: Callable[[], EventLog],
        campaigns: Campaigns,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._log = event_log
        self._campaigns = campaigns
        self._now = now
        self._new_id = new_id
        self._hits: deque[Hit] = deque()
        self._dropped = 0
        self._news = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="hits", daemon=True)

    def start(self) -> None:
        """Begin to append."""
        self._thread.start()

    def close(self) -> None:
        """Append what is there, once, and stop."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def add(self, hit: Hit) -> None:
        """See the port."""
        with self._news:
            if len(self._hits) >= CAPACITY:
                self._hits.popleft()
                self._dropped += 1
            self._hits.append(hit)
            if len(self._hits) in {1, GROUP}:
                self._news.notify()

    def _run(self) -> None:
        pending: list[_Group] = []
        while True:
            stopping = self._wait(retrying=bool(pending))
            pending = pending or self._groups()
            pending = [group for group in pending if not self._append(group)]
            if stopping and (pending or not self._hits):
                if pending:
                    log.error("hits_lost", hits=sum(len(group.hits) for group in pending))
                return

    def _wait(self, *, retrying: bool) -> bool:
        """Sleep until there is a group, or its time is over; tell whether this is the end."""
        with self._news:
            if retrying:
                self._news.wait_for(lambda: self._stopping, timeout=RETRY_S)
            else:
                self._news.wait_for(lambda: self._stopping or bool(self._hits))
                self._news.wait_for(
                    lambda: self._stopping or len(self._hits) >= GROUP, timeout=WAIT_S
                )
            return self._stopping

    def _groups(self) -> list[_Group]:
        with self._news:
            taken = list(islice(self._hits, GROUP))
            for _ in taken:
                self._hits.popleft()
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.error("hits_dropped", hits=dropped, capacity=CAPACITY)
        by_workspace: defaultdict[UUID, list[Hit]] = defaultdict(list)
        for hit in taken:
            by_workspace[hit.workspace_id].append(hit)
        return [_Group(self._context(name), hits) for name, hits in by_workspace.items()]

    def _append(self, group: _Group) -> bool:
        try:
            record_hits(group.hits, group.context, self._log(), self._campaigns)
        except Exception as error:  # noqa: BLE001 - a worker's loop: logged, and tried again
            log.warning("hits_not_recorded", error=error, hits=len(group.hits))
            return False
        return True

    def _context(self, workspace_id: UUID) -> Context:
        command_id = self._new_id()
        return Context(
            workspace_id=workspace_id,
            actor=ACTOR,
            now=self._now(),
            command_id=command_id,
            correlation_id=command_id,
            command="record_hits",
        )
