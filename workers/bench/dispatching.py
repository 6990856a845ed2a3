"""From claim to recorded EmailSent by one dispatcher process, beside a bare sender."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from workers.bench import sinks
from workers.bench.mailing import new_mailing
from workers.bench.measure import Measured, measured, rate
from workers.bench.stage import Stage

MAILS = 20_000
MAIL_BYTES = 16_000  # about what the template makes of itself for one recipient
BARE_SHARE = 0.25
RSS_MB = 300
AUDIENCE = 100_000
WANTED_AUDIENCE_PER_S = 50_000
SECONDS = 300.0  # at most, for one dispatcher
POLL_S = 0.1
_DISPATCHER = [sys.executable, "-m", "workers.cli.main", "worker", "dispatcher"]
# The first handover is a few milliseconds after the first claim.
_SENT = """
SELECT count(*) FILTER (WHERE tag LIKE 'delivery.email_sent.%%'),
       extract(epoch FROM max(recorded_at) FILTER (WHERE tag LIKE 'delivery.email_sent.%%')
               - min(recorded_at))
  FROM events WHERE position > %s AND tag LIKE ANY (ARRAY['delivery.email_sent.%%',
                                                          'delivery.handover_started.%%'])
"""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one dispatcher did: messages, seconds, CPU seconds and resident megabytes over time."""

    sent: int
    took_s: float
    cpu_s: float
    rss_mb: Sequence[float]

    @property
    def rate(self) -> float:
        """Messages a second, from the first claim to the last record."""
        return self.sent / self.took_s


def dispatch_end_to_end(stage: Stage) -> Measured:
    """From claim to recorded EmailSent; the limit is a pipelined sender of a constant message."""
    mailing = new_mailing(stage)
    mailing.add_contacts(MAILS, with_keys=MAILS)
    mailing.queue()
    message = sinks.message_of(MAIL_BYTES)
    with TemporaryDirectory() as room, sinks.counting_sink(Path(room)) as port:
        limit = rate(MAILS, lambda: asyncio.run(sinks.send_bare(port, message, MAILS)))
        run = dispatch(stage, port, MAILS)
    detail = {"cpu_us_a_message": 1e6 * run.cpu_s / run.sent, "rss_mb": max(run.rss_mb)}
    if sinks.has_smtp_sink():
        mailing.queue()
        with sinks.smtp_sink() as port:
            detail["smtp_sink_bare_per_s"] = rate(
                MAILS, lambda: asyncio.run(sinks.send_bare(port, message, MAILS))
            )
            detail["smtp_sink_per_s"] = dispatch(stage, port, MAILS).rate
    return measured(
        "dispatch_end_to_end",
        ours=run.rate,
        limit=limit,
        unit="messages/s",
        at_least=BARE_SHARE,
        detail=detail,
    )


def dispatcher_rss_mb(stage: Stage) -> Measured:
    """The most memory a dispatcher holds; half-way and at the end beside it."""
    mailing = new_mailing(stage)
    mailing.add_contacts(MAILS, with_keys=MAILS)
    mailing.queue()
    with TemporaryDirectory() as room, sinks.counting_sink(Path(room)) as port:
        rss = dispatch(stage, port, MAILS).rss_mb
    return measured(
        "dispatcher_rss_mb",
        ours=max(rss),
        limit=RSS_MB,
        unit="MB",
        at_most=1,
        detail={"messages": MAILS, "half_way_mb": rss[len(rss) // 2], "at_the_end_mb": rss[-1]},
    )


def audience_rate(stage: Stage) -> Measured:
    """Freeze and queue an audience; the limit is what is wanted of it, not a bare path."""
    mailing = new_mailing(stage)
    mailing.add_contacts(AUDIENCE, with_keys=0)
    mailing.launch(mailing.draft())
    mailing.project()
    return measured(
        "audience_rate",
        ours=rate(AUDIENCE, mailing.expand),
        limit=WANTED_AUDIENCE_PER_S,
        unit="recipients/s",
        at_least=1,
        detail={"recipients": AUDIENCE},
    )


def dispatch(stage: Stage, port: int, count: int) -> Run:
    """Run a dispatcher process until `count` messages are recorded as sent."""
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        before = _head(connection)
        rss: list[float] = []
        with dispatcher(stage, port) as process:
            sent, took_s = _until_sent(
                connection, before, count, lambda: rss.append(rss_mb(process))
            )
            spent_s = cpu_s(process.pid)
    return Run(sent=sent, took_s=took_s, cpu_s=spent_s, rss_mb=rss)


@contextmanager
def dispatcher(stage: Stage, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `engine worker dispatcher` towards a port of loopback, as anybody would."""
    environment = dict(stage.environment) | {
        "ENGINE_SMTP_PORT": str(port),
        "ENGINE_SMTP_CONNECTIONS": str(sinks.CONNECTIONS),
    }
    with subprocess.Popen(_DISPATCHER, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def _until_sent(
    connection: Connection[TupleRow],
    before: int,
    count: int,
    look: Callable[[], None],
) -> tuple[int, float]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        time.sleep(POLL_S)
        look()
        row = connection.execute(_SENT, (before,)).fetchone()
        sent, took_s = row or (0, None)
        if sent >= count:
            return sent, float(took_s)
    raise RuntimeError(f"only {sent} of {count} messages were sent within {SECONDS} s")


def _head(connection: Connection[TupleRow]) -> int:
    row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    return row[0] if row else 0


def rss_mb(process: subprocess.Popen[bytes]) -> float:
    """Return what the process has in memory now."""
    resident = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """Return what a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
