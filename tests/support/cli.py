"""The `engine` command as a user runs it: a process of its own, its answer, its exit code."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from infra.settings import Settings

ROOT = Path(__file__).parents[2]
AT_ONCE = 2  # as many processes as a small machine has cores
PATIENCE_S = 60


class Answer(msgspec.Struct, frozen=True):
    """What a verb said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document that stdout must be."""
        assert self.out.endswith("\n"), self
        return json.loads(self.out)


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    """Return the environment in which `engine` finds this installation."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ENGINE_")}
    return own | {
        "ENGINE_DATA_DIR": str(settings.data_dir),
        "ENGINE_DATABASE_URL": settings.database_url,
        "ENGINE_VAULT_URL": settings.vault_url,
        "ENGINE_NATS_URL": settings.nats_url,
        "ENGINE_SECRET_KEY": settings.secret_key.reveal(),
        "ENGINE_SMTP_HOST": "127.0.0.1",
        "ENGINE_REQUIRE_VERIFIED_DOMAINS": "never",
        "ENGINE_SMTP_PORT": "1",
        **changes,
    }


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "workers.cli.main", *args]


class Engine:
    """Runs `engine ...` against one installation."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env

    def ask(self, *args: str | bytes) -> Answer:
        """Run one verb to its end."""
        ended = subprocess.run(
            [*command(), *args],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        answer = Answer(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
        assert "Traceback" not in answer.err, answer.err
        return answer

    def do(self, *args: str) -> Answer:
        """Run one verb that must succeed."""
        answer = self.ask(*args)
        assert (answer.code, answer.err) == (0, ""), (args, answer)
        return answer

    def json(self, *args: str) -> Any:
        """Run one verb that must succeed with one JSON document and nothing else."""
        return self.do(*args, "--json").json

    def refused(self, *args: str | bytes, code: int = 1) -> str:
        """Run one verb that must be refused; return the one sentence that says why."""
        return refusal(self.ask(*args), code=code)

    def all_refused(self, runs: Sequence[Sequence[str]]) -> list[str]:
        """Do the same with several, a few at once; the sentences in the order of the runs."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [refusal(answer) for answer in pool.map(lambda run: self.ask(*run), runs)]


def refusal(answer: Answer, *, code: int = 1) -> str:
    """Check that an answer is one clear sentence on stderr and nothing on stdout."""
    assert (answer.code, answer.out) == (code, ""), answer
    *usage, sentence = answer.err.strip().splitlines()
    assert sentence.startswith("Error: "), answer
    assert not usage or code == 2, answer
    return sentence.removeprefix("Error: ")


@contextmanager
def worker_process(name: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `engine worker NAME` until the block ends; its log goes nowhere."""
    with subprocess.Popen(
        command("worker", name),
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(holds: Callable[[], bool], *, within_s: float = 60) -> None:
    """Wait for what a process is about to do."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
