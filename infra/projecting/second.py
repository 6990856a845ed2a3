"""A second process that folds every other stretch of a rebuild: the child, and its parent's side.

Opening what is sealed is Python's work, and one process does it on one core. The two read, decode
and open for themselves, ahead; they write strictly in turns, so that the shadow sees the log in
its order. Between them go numbers, never events.
"""

import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from multiprocessing import Pipe
from multiprocessing.connection import Connection as Link
from signal import SIGKILL
from typing import NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.embedded.parent_death import pre_exec
from infra.eventstore.reader import LogRow, read_page
from infra.garbage import collect_rarely
from infra.postgres.connections import Role
from infra.postgres.failures import reason_of
from infra.projecting.fold import Folder, UnfoldableError
from infra.projecting.prefetch import prefetched
from infra.settings import Settings
from projections.projection import Projection, RecordedEvent

PATIENCE_S = 0.0  # how long the first stretch waits for the child; only tests wait


class SecondLostError(Exception):
    """The second process of a rebuild is gone; what it wrote last is not known."""


class Stretches(msgspec.Struct, frozen=True):
    """The positions above `after` up to `upto`, cut into stretches of `size`."""

    after: int
    upto: int
    size: int

    @property
    def count(self) -> int:
        """How many there are."""
        return -(-(self.upto - self.after) // self.size)

    def end(self, number: int) -> int:
        """Return the last position of a stretch."""
        return min(self.after + (number + 1) * self.size, self.upto)

    def read(self, connection: Connection[TupleRow], number: int) -> list[LogRow]:
        """Return the events of a stretch."""
        start, end = self.after + number * self.size, self.end(number)
        return list(read_page(connection, start, upto=end, limit=self.size))


class Task(NamedTuple):
    """All that the child must know."""

    settings: Settings
    projection: Projection
    schema: str
    skipped: frozenset[int]
    stretches: Stretches


class Folded(NamedTuple):
    """What was done of a stretch: events read, events applied, or the event that stopped it."""

    read: int
    applied: int
    bad: LogRow | None = None
    reason: str = ""


class Opened(NamedTuple):
    """A stretch before it is written."""

    read: int
    rows: Sequence[LogRow]
    events: Sequence[RecordedEvent]


class Second:
    """The child as its parent sees it. It joins in when it is ready, the parent begins at once."""

    def __init__(self, task: Task) -> None:
        self._link, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from {__name__} import serve; serve({theirs.fileno()})"],
                pass_fds=[theirs.fileno()],
                preexec_fn=pre_exec(SIGKILL),  # noqa: PLW1509 - one prctl between fork and exec
            )
        self._begins: int | None = None
        self._link.send(task)

    def numbers(self, of: int) -> Iterator[int]:
        """Yield the stretches that are the parent's own; from some of them on it is every other."""
        number = 0
        while number < of:
            if self._begins is None and self._link.poll(PATIENCE_S):
                self._said()
                self._begins = number + 1
                self._link.send(self._begins)
            yield number
            number += 1 if self._begins is None else 2

    def does(self, number: int) -> bool:
        """Tell whether the stretch is the child's. Ask in order."""
        begins = self._begins
        return begins is not None and number >= begins and (number - begins) % 2 == 0

    def fold(self, number: int) -> Folded:
        """Let the child write the stretch, and wait. Raises UnfoldableError, SecondLostError."""
        try:
            self._link.send(number)
        except OSError as error:
            raise SecondLostError("the second process of the rebuild is gone") from error
        folded = self._said()
        if folded.bad is not None:
            raise UnfoldableError(folded.bad, folded.reason)
        if folded.reason:
            raise SecondLostError(f"the second process of the rebuild gave up: {folded.reason}")
        return folded

    def close(self) -> None:
        """End the child, whatever it is at."""
        self._link.close()
        self._process.kill()
        self._process.wait()

    def _said(self) -> Folded:
        try:
            said: Folded = self._link.recv()
        except (EOFError, OSError) as error:
            raise SecondLostError("the second process of the rebuild is gone") from error
        return said


def opened_ahead(
    folder: Folder, reader: Connection[TupleRow], stretches: Stretches, numbers: Iterator[int]
) -> Generator[Opened]:
    """Yield what is to be written, each made while the one before it is; close it in the end.

    No key is remembered from one stretch to the next: the other process may have met an erasure.
    """

    def opened(page: Sequence[LogRow]) -> Opened:
        folder.forget_keys()
        rows = folder.wanted(page, after=0)
        return Opened(len(page), rows, folder.decoded(rows))

    with closing(prefetched(stretches.read(reader, number) for number in numbers)) as pages:
        yield from prefetched(map(opened, pages))


def fold_here(folder: Folder, opened: Opened) -> Folded:
    """Write a stretch. Raises UnfoldableError."""
    if opened.rows:
        folder.apply_only(opened.rows, opened.events)
    return Folded(opened.read, len(opened.rows))


def _child(link: Link) -> None:
    task: Task = link.recv()
    adapters = Adapters(task.settings, role=Role.WORKER, name="engine-rebuild")
    with (
        adapters.connection(Role.WORKER, bounded=False) as writer,
        adapters.connection(Role.WORKER, bounded=False) as reader,
    ):
        writer.execute("SET synchronous_commit = off")
        folder = Folder(task.projection, adapters.mapper, writer, task.schema)
        folder.skipped = task.skipped
        link.send(Folded(0, 0))  # ready
        begins: int = link.recv()
        mine = iter(range(begins, task.stretches.count, 2))
        with closing(opened_ahead(folder, reader, task.stretches, mine)) as ahead:
            while True:
                link.recv()  # our turn
                link.send(fold_here(folder, next(ahead)))


def serve(descriptor: int) -> None:
    """Be the child until the parent hangs up; say why when it does not work out."""
    collect_rarely()
    link = Link(descriptor)
    try:
        _child(link)
    except EOFError:
        pass
    except UnfoldableError as error:
        link.send(Folded(0, 0, error.row, error.reason))
    except Exception as error:  # noqa: BLE001 - the parent decides
        link.send(Folded(0, 0, None, reason_of(error)))
