"""An authenticated read over HTTP, beside a handler of the same app that does nothing."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from uuid import UUID, uuid4

from commands.developer.issue_api_token import IssueApiToken, issue_api_token
from infra.clock import new_id
from infra.crypto.tokens import new_token
from infra.embedded.ports import LOOPBACK, free_port
from infra.postgres.api_tokens import PostgresApiTokens
from projections.registry import PROJECTIONS
from workers.bench import bare
from workers.bench.facts import contact_facts
from workers.bench.measure import Measured, measured, quantile
from workers.bench.stage import Stage
from workers.projector import LiveProjection

CONTACTS = 10_000
CLIENTS = 8
PAGE = "/v1/contacts?limit=50"
NOTHING = "/livez"
START_WITHIN_S = 60
LIMITS = {f"ENGINE_LIMIT_{name}": "100000000/60" for name in ("NETWORK", "KEY", "WORKSPACE")}


def http_contact_page(stage: Stage) -> Measured:
    """Read pages of 50 of 10,000 contacts over real HTTP from 8 clients; limits count."""
    workspace = uuid4()
    headers = {"Authorization": f"Bearer {_token(stage, workspace)}"}
    stage.app.log.record(contact_facts(CONTACTS), stage.context(workspace))
    for name in ("contact_list", "workspace_list"):
        live = LiveProjection(PROJECTIONS[name], stage.worker.mapper, stage.worker)
        live.owned()
        live.read_log()
        live.release()
    with _api(stage, LIMITS) as port:
        _load(port, PAGE, headers, seconds=1)
        pages = _load(port, PAGE, headers, seconds=stage.seconds / 2)
        nothing = _load(port, NOTHING, {}, seconds=stage.seconds / 2)
    rate = len(pages) / (stage.seconds / 2)
    return measured(
        "http_contact_page",
        ours=rate,
        limit=len(nothing) / (stage.seconds / 2),
        unit="requests/s",
        detail={
            "p50_ms": quantile(pages, 0.5) * 1000,
            "p99_ms": quantile(pages, 0.99) * 1000,
            "no_op_p50_ms": quantile(nothing, 0.5) * 1000,
            "no_op_p99_ms": quantile(nothing, 0.99) * 1000,
        },
    )


def _token(stage: Stage, workspace: UUID) -> str:
    secret = new_token()
    command = IssueApiToken(token_id=new_id(), name="bench", secret=secret, permissions=())
    issue_api_token(command, stage.context(workspace), stage.app.log, PostgresApiTokens())
    return secret


@contextmanager
def _api(stage: Stage, limits: Mapping[str, str]) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.cli.main", "api"],
        env={**stage.environment, **limits, "ENGINE_HTTP_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + START_WITHIN_S
    while True:
        try:
            if _get(http.client.HTTPConnection(LOOPBACK, port, timeout=5), "/readyz", {}) == 200:  # noqa: PLR2004
                return
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def _load(port: int, path: str, headers: Mapping[str, str], *, seconds: float) -> list[float]:
    """Ask from 8 threads over kept connections; return how long each answer took."""
    took: list[list[float]] = [[] for _ in range(CLIENTS)]

    def client(mine: list[float], until: float) -> None:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
        while (began := time.perf_counter()) < until:
            status = _get(connection, path, headers)
            mine.append(time.perf_counter() - began)
            if status != 200:  # noqa: PLR2004
                raise RuntimeError(f"{path} answered {status}")

    until = time.perf_counter() + seconds
    bare.run_in_threads([partial(client, mine, until) for mine in took])
    return [one for mine in took for one in mine]


def _get(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> int:
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status
