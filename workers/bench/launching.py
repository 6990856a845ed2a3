"""A campaign to a million people: until its first mail leaves, and what a message of it costs."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from workers.bench import sinks
from workers.bench.dispatching import cpu_s, dispatcher, rss_mb
from workers.bench.mailing import new_mailing
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage

MILLION = 1_000_000
FEW = 10_000
A_MINUTE = 100_000  # messages gone since the server looked after the table: it does each minute
WARM = 2_000  # messages before the cost is taken: the process is up, its claims have grown
FIRST_MAIL_S = 5.0
GROWTH = 1.2
SECONDS = 240.0  # at most, for any wait
POLL_S = 0.02
LOOK_S = 0.25
_SENT = "SELECT count(*) FROM events WHERE position > %s AND tag LIKE 'delivery.email_sent.%%'"
_HEAD = "SELECT coalesce(max(position), 0) FROM events"
_EXPANDING = "SELECT count(*) FROM campaign_runs WHERE NOT expanded"
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'engine-dispatcher%'"
# All but the last of the queue, as if they had been sent.
_SEND_MOST = """
DELETE FROM email_tasks WHERE message_id NOT IN (
    SELECT message_id FROM email_tasks ORDER BY due_at DESC LIMIT %s)
"""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds a message; CPU is of the dispatcher and of its connections to PostgreSQL."""

    cpu_us: float
    database_us: float
    wall_us: float
    rss_mb: float


def launch_1m_first_mail_s(stage: Stage) -> Measured:
    """From asking for the launch to the first mail at the sink, every worker it needs running.

    A letter to one person goes first, so that all of them are known to be up.
    """
    one, mailing = new_mailing(stage), new_mailing(stage)
    one.add_contacts(1, with_keys=1)
    mailing.add_contacts(MILLION, with_keys=FEW)
    campaigns = one.draft(), mailing.draft()
    with TemporaryDirectory() as room, sinks.counting_sink(Path(room)) as port:
        accepted = Path(room) / "accepted.log"
        with _process(stage, "expander"):
            with ExitStack() as street:
                for role in ("relay", "projector"):
                    street.enter_context(_process(stage, role))
                street.enter_context(dispatcher(stage, port))
                one.launch(campaigns[0])
                _until(lambda: accepted.exists() and accepted.stat().st_size > 0)
                warm = accepted.stat().st_size
                began = time.perf_counter()
                mailing.launch(campaigns[1])
                answered_s = time.perf_counter() - began
                _until(lambda: accepted.stat().st_size > warm)
                first_s = time.perf_counter() - began
            with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
                _until(lambda: not _one(connection, _EXPANDING))
            frozen_s = time.perf_counter() - began
    return measured(
        "launch_1m_first_mail_s",
        ours=first_s,
        limit=FIRST_MAIL_S,
        unit="s",
        at_most=1,
        detail={"launch_answered_s": answered_s, "all_queued_s": frozen_s},
    )


def cost_growth_1m(stage: Stage) -> Measured:
    """What a message costs when 10,000 are queued, and when a million are: the first, the last."""
    few = new_mailing(stage)
    few.add_contacts(FEW, with_keys=FEW)
    few.queue()
    small = _cost(stage)
    many = new_mailing(stage)
    many.add_contacts(MILLION, with_keys=3 * FEW)
    many.queue()
    first = _cost(stage)
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        connection.execute(_SEND_MOST, (2 * FEW + A_MINUTE,))
        connection.execute("VACUUM email_tasks")
        connection.execute(_SEND_MOST, (2 * FEW,))
    many.mint(3 * FEW, last=True)
    last = _cost(stage)
    costs = {"of_10k": small, "first_of_1m": first, "last_of_1m": last}
    detail = {
        f"{name}_{which}": getattr(cost, name)
        for which, cost in costs.items()
        for name in Cost.__struct_fields__
    }
    return measured(
        "cost_growth_1m",
        ours=max(first.cpu_us, last.cpu_us),
        limit=small.cpu_us,
        unit="us/message",
        at_most=GROWTH,
        detail=detail,
    )


def _cost(stage: Stage) -> Cost:
    """Let a dispatcher send, and take what the messages after the first ones cost."""
    with (
        TemporaryDirectory() as room,
        sinks.counting_sink(Path(room)) as port,
        psycopg.connect(stage.superuser_dsn, autocommit=True) as connection,
    ):
        head, at = _one(connection, _HEAD), time.monotonic()
        with dispatcher(stage, port) as process:

            def look() -> tuple[int, float, float, float]:
                backends = sum(cpu_s(pid) for (pid,) in connection.execute(_BACKENDS))
                sent = _one(connection, _SENT, head)
                return sent, cpu_s(process.pid), backends, time.perf_counter()

            seen = look()
            while seen[0] < WARM and time.monotonic() < at + SECONDS:
                time.sleep(LOOK_S)
                seen = look()
            before = seen
            while seen[0] < FEW and time.monotonic() < at + SECONDS:
                time.sleep(LOOK_S)
                seen = look()
            resident = rss_mb(process)
    sent, own_s, backends_s, took_s = (now - then for now, then in zip(seen, before, strict=True))
    return Cost(
        cpu_us=1e6 * (own_s + backends_s) / sent,
        database_us=1e6 * backends_s / sent,
        wall_us=1e6 * took_s / sent,
        rss_mb=resident,
    )


@contextmanager
def _process(stage: Stage, role: str) -> Iterator[None]:
    """Run a worker as a process of its own."""
    argv = [sys.executable, "-m", "workers.cli.main", "worker", role]
    with subprocess.Popen(argv, env=dict(stage.environment), stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _one(connection: Connection[TupleRow], query: LiteralString, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come to pass within {SECONDS:.0f} s")
        time.sleep(POLL_S)
