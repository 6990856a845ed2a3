"""The bounce receiver: takes reports over SMTP and records what became of our messages.

Whose message it was is told by the return path alone, which only we can make (ADR 0031). A 250
means that the fact is in the log, or that there is none in the report.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import structlog

from commands.delivery.record_bounce_report import RecordBounceReport, record_bounce_report
from domain.delivery.bounce_report import Complained, Nothing, Report
from domain.shared.ids import time_ms_of
from infra.bootstrap import Adapters
from infra.bounces.complaint import return_paths_in
from infra.bounces.mailbox import mailbox_factory
from infra.bounces.read import read_report
from infra.clock import new_id, now
from infra.crypto.return_paths import ReturnKind, ReturnPaths, ReturnTarget
from infra.failpoints import Failpoint, failpoint
from infra.postgres.heartbeats import beat
from infra.postgres.reported_messages import ReportedMessages
from workers.acting import acting
from workers.runtime import Stop, run_steps_async

log = structlog.get_logger()

NAME = "bounces"
COMPLAINTS = "complaints"
"""Where feedback loops report: they name the return path inside of the report."""
BEAT_S = 5.0
UNKNOWN_FOR = timedelta(days=1)
"""So long a message may be missing from the read model before a report of it is given up."""


class BounceReceiver:
    """Records reports; `counts` tells how many of each kind came since the start."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        domain = adapters.settings.return_path_domain
        self._paths = ReturnPaths(adapters.settings.secret_key, domain)
        self._messages = ReportedMessages(adapters.pool)
        self.counts: Counter[str] = Counter()

    def is_ours(self, address: str) -> bool:
        """Tell whether this is a return path of ours; a forged one is counted."""
        if address.partition("@")[0].lower() == COMPLAINTS or self._paths.verify(address):
            return True
        self.counts["refused"] += 1
        return False

    def take(self, recipients: Sequence[str], raw: bytes) -> bool:
        """Record what the report says of each message; False when it has to come again."""
        report = read_report(raw)
        kind = str(report) if isinstance(report, Nothing) else type(report).__name__.lower()
        self.counts[kind] += 1
        log.info("bounce_report", kind=kind, bytes=len(raw))
        if isinstance(report, Nothing):
            return True
        taken = [self._record(target, report) for target in self._targets(recipients, raw, report)]
        return all(taken)

    def _targets(
        self, recipients: Sequence[str], raw: bytes, report: Report
    ) -> Iterator[ReturnTarget]:
        for address in recipients:
            is_loop = address.partition("@")[0].lower() == COMPLAINTS
            if is_loop and not isinstance(report, Complained):
                continue  # nothing else may name a message in its text
            named = return_paths_in(raw) if is_loop else [address]
            found = {target for path in named if (target := self._paths.verify(path))}
            if is_loop and not found:
                self.counts["forged"] += 1
            yield from found

    def _record(self, target: ReturnTarget, report: Report) -> bool:
        if isinstance(report, Nothing) or target.kind is not ReturnKind.CAMPAIGN:
            self.counts["system"] += 1  # a mail of the system: nobody is suppressed for it
            return True
        message = self._messages.find(target.workspace_id, target.message_id)
        if message is None:
            self.counts["unknown"] += 1
            age_ms = now().timestamp() * 1000 - time_ms_of(target.message_id)
            return age_ms > UNKNOWN_FOR.total_seconds() * 1000
        command = RecordBounceReport(message=message, outcome=report)
        context = acting(NAME, target.workspace_id, new_id())
        record_bounce_report(command, context, self._adapters.log)
        failpoint(Failpoint.BOUNCE_RECORDED)
        return True


async def run(adapters: Adapters, stop: Stop) -> None:
    """Receive until the stop; without an address to listen on only say so."""
    listen = adapters.settings.bounce_listen
    if listen is None:
        log.warning("bounces_not_received", reason="ENGINE_BOUNCE_LISTEN is empty")
    server = None
    if listen is not None:
        host, port = listen
        factory = mailbox_factory(BounceReceiver(adapters), hostname="bounces")
        loop = asyncio.get_running_loop()
        server = await loop.create_server(factory, host or None, port, backlog=128)
        log.info("bounces_received", host=host, port=port)

    async def step() -> bool:
        await asyncio.to_thread(beat, adapters.pool, NAME)
        return False

    try:
        await run_steps_async(NAME, stop, step, idle_s=BEAT_S)
    finally:
        if server is not None:
            server.close()
