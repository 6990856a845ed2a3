"""Does a relay get the allowed rate, and never more? Two dispatcher processes, one sink.

The sink notes when each message was whole. `ours` is the mean rate over the time measured, from
the first message on; the worst window of the bucket, wherever it begins, stands beside it.
"""

import asyncio
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from infra.postgres.relay_rates import RelayRate
from infra.smtp.counting_sink import serve
from workers.bench.jobs import contact_file, launch, new_workspace
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage
from workers.cli.contacts import start_import
from workers.importer import Importer
from workers.runtime import Stop

DISPATCHERS = 2
LEAST = 0.98
MORE_S = 2  # there is still work when the time is over


def rate_exact_50(stage: Stage) -> Measured:
    """Fifty messages a second."""
    return _rate_exact(stage, 50)


def rate_exact_500(stage: Stage) -> Measured:
    """Five hundred messages a second."""
    return _rate_exact(stage, 500)


def rate_exact_2000(stage: Stage) -> Measured:
    """Two thousand messages a second."""
    return _rate_exact(stage, 2000)


def _rate_exact(stage: Stage, per_s: int) -> Measured:
    seconds, rate = stage.seconds, RelayRate("bench", per_s)
    mails = int(per_s * (seconds + MORE_S))
    with TemporaryDirectory() as room, _stamping_sink() as (port, stamps):
        workspace = new_workspace(stage)
        start_import(stage.worker, workspace, contact_file(Path(room), mails), {})
        Importer(stage.worker).step(Stop())
        launch(stage, workspace)
        with _dispatchers(stage, port, per_s):
            until = time.monotonic() + 60
            while not stamps and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(seconds + 0.5)
    seen = sorted(stamps)
    worst = worst_window(seen, rate.window_s)
    allowed = rate.permits * rate.block
    figure = measured(
        f"rate_exact_{per_s}",
        ours=bisect_left(seen, seen[0] + seconds) / seconds,
        limit=per_s,
        unit="messages/s",
        at_least=LEAST,
        at_most=1.0,
        detail={"worst_window_messages": worst, "allowed_in_window": allowed},
    )
    return msgspec.structs.replace(figure, holds=figure.holds and worst <= allowed)


def worst_window(stamps: Sequence[float], window_s: float) -> int:
    """Return how many of the ordered stamps the fullest window holds, wherever it begins."""
    return max(bisect_left(stamps, at + window_s) - n for n, at in enumerate(stamps))


@contextmanager
def _stamping_sink() -> Iterator[tuple[int, list[float]]]:
    """Run the counting sink in a thread; yield its port and the list it notes each message in."""
    stamps: list[float] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def record(lines: bytes) -> None:
        stamps.extend([time.monotonic()] * lines.count(b"\n"))

    server = asyncio.run_coroutine_threadsafe(serve(port=0, record=record), loop).result()
    try:
        yield server.sockets[0].getsockname()[1], stamps
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def _dispatchers(stage: Stage, port: int, per_s: int) -> Iterator[None]:
    """Run dispatchers as the processes they are."""
    environment = {
        **stage.environment,
        "ENGINE_SMTP_PORT": str(port),
        "ENGINE_SMTP_RATE": str(per_s),
        "ENGINE_SMTP_CONNECTIONS": "4",
    }
    argv = [sys.executable, "-m", "workers.cli.main", "worker", "dispatcher"]
    running = [
        subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr)
        for _ in range(DISPATCHERS)
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
