"""The counting sink as a process of its own, and what it accepted."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec


class RunningSink(msgspec.Struct, frozen=True):
    """Where it listens and what its log says."""

    port: int
    log: Path

    def accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(message_id for message_id, _ in self._lines())

    def accepted_recipients(self) -> Counter[str]:
        """How often each recipient was accepted."""
        return Counter(recipient for _, recipient in self._lines())

    def _lines(self) -> Iterator[tuple[str, str]]:
        for line in self.log.read_text(encoding="utf-8").splitlines():
            message_id, _, recipient = line.partition("\t")
            yield message_id, recipient


@contextmanager
def counting_sink(*, pipelining: bool = True) -> Iterator[RunningSink]:
    """Run a sink until the block ends."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "accepted.log")
        argv = [sys.executable, "-m", "infra.smtp.counting_sink", "--log", str(log)]
        if not pipelining:
            argv.append("--no-pipelining")
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield RunningSink(port=int(process.stdout.readline()), log=log)
            finally:
                process.kill()
