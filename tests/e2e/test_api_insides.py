"""`engine api` seen from inside: its own port, its traces, and what none of its outputs may say."""

import asyncio
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from msgspec.structs import replace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from infra.bootstrap import Adapters
from infra.crypto.tokens import new_token
from infra.embedded.nats import EmbeddedNats
from infra.embedded.ports import free_port
from infra.observability.http_metrics import HttpMetrics
from infra.observability.internal_port import InternalPort
from infra.postgres.connections import Role
from infra.settings import Settings
from read_api.wiring import health_checks
from tests.e2e.test_api_process import api_process
from tests.support.canary import Search
from tests.support.http_client import found_house

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PLANTED = {
    "database password": "Quagga-database-7d1f",
    "vault password": "Quagga-vault-55ab",
    "bus token": "Quagga-bus-0c4e",
    "smtp password": "Quagga-smtp-91aa",
    "wrong bearer": f"ee_live_{'Quagga7'.ljust(43, '7')}",
    "odd bearer": "Quagga-bearer-31fe",
    "basic": "UXVhZ2dhOmJhc2ljLTEyMzQ1Njc4",
    "cookie": "Quagga-cookie-77ce",
    "query": "Quagga-query-a0a0",
    "body": "quagga.body@example.org",
    "agent": "QuaggaAgent",
    "header": "Quagga-header-1b2c",
}


class Collector:
    """A collector of traces: what it was sent, raw and read."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.raw.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def spans(self) -> list[tuple[str, str, dict[str, str]]]:
        """(name, trace id, attributes) of every span."""
        found = []
        for body in self.raw:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        said = {pair.key: pair.value.string_value for pair in span.attributes}
                        found.append((span.name, span.trace_id.hex(), said))
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        collector.server.server_close()
        thread.join()


def test_no_secret_and_no_person_is_in_any_output(settings: Settings, app: Adapters) -> None:
    house, port, inside = found_house(app), free_port(), free_port()
    with collecting() as collector, ExitStack() as stack:
        process = stack.enter_context(
            api_process(
                settings,
                port,
                ENGINE_DATABASE_URL=with_password(settings.database_url, "database password"),
                ENGINE_VAULT_URL=with_password(settings.vault_url, "vault password"),
                ENGINE_NATS_URL=f"nats://{PLANTED['bus token']}@127.0.0.1:1",
                ENGINE_SMTP_PASSWORD=PLANTED["smtp password"],
                ENGINE_API_METRICS_PORT=str(inside),
                ENGINE_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server.server_port}/v1/traces",
            )
        )
        pages = [line for answer in provoke(port, house.headers) for line in told(answer)]
        metrics = httpx.get(f"http://127.0.0.1:{inside}/metrics").text
        process.terminate()
        said, _ = process.communicate(timeout=40)
    assert '"request_failed"' not in said
    assert said.count('"http_request"') >= 20
    assert {name for name, _, _ in collector.spans()} >= {"http_request", "append"}
    outputs = {
        "log": said.encode(),
        "metrics": metrics.encode(),
        "traces": b"".join(collector.raw),
        "answers": "\n".join(pages).encode(),
    }
    secrets = [*PLANTED.values(), settings.secret_key.reveal(), house.token]
    search = Search([secret for secret in secrets if secret])
    assert {hit for name, text in outputs.items() for hit in search.within(name, text)} == set()
    assert search.within("planted", b"x " + PLANTED["agent"].encode()), "it does look"


def with_password(url: str, name: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://engine:{PLANTED[name]}@{rest.rpartition('@')[2]}"


def provoke(port: int, good: dict[str, str]) -> Iterator[httpx.Response]:
    """Put each planted text where somebody might put it."""
    json_body = {"name": PLANTED["body"], "subject": "\x00", "html": PLANTED["body"]}
    odd = [
        {"Authorization": f"Bearer {PLANTED['wrong bearer']}"},
        {"Authorization": f"Bearer {PLANTED['odd bearer']}"},
        {"Authorization": f"Basic {PLANTED['basic']}"},
        {"Authorization": PLANTED["odd bearer"]},
        {"Authorization": f"Bearer {new_token()}"},
        {"Cookie": f"__Host-refresh={PLANTED['cookie']}"},
        good | {"Cookie": PLANTED["cookie"], "User-Agent": PLANTED["agent"]},
        good | {"X-Request-ID": PLANTED["header"], "traceparent": PLANTED["header"]},
        good | {"Idempotency-Key": PLANTED["header"], "Origin": PLANTED["header"]},
        good | {"Host": PLANTED["header"], "X-Forwarded-For": PLANTED["header"]},
    ]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for headers in odd:
            yield client.get("/v1/contacts", params={"q": PLANTED["query"]}, headers=headers)
            yield client.post("/v1/templates", json=json_body, headers=headers)
        for path in (PLANTED["query"], f"u/{PLANTED['query']}", f"t/c/{PLANTED['query']}"):
            yield client.get(f"/{path}?token={PLANTED['query']}")
        yield client.post("/v1/templates", content=PLANTED["body"], headers=good)
        body = {"name": "n", "subject": "s", "html": f"<p>{PLANTED['body']}</p>"}
        assert client.post("/v1/templates", json=body, headers=good).status_code == 202
        yield client.request(PLANTED["query"].replace("-", ""), "/v1/templates")


def told(answer: httpx.Response) -> Iterator[str]:
    """What the server chose to say."""
    yield answer.text
    yield str(answer.headers)


def test_traces_follow_the_caller_s_or_the_request_s_id(settings: Settings, app: Adapters) -> None:
    house, port = found_house(app), free_port()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    with collecting() as collector:
        endpoint = f"http://127.0.0.1:{collector.server.server_port}/v1/traces"
        with api_process(settings, port, ENGINE_OTLP_ENDPOINT=endpoint) as process:
            url = f"http://127.0.0.1:{port}/v1/templates"
            for parent in (f"00-{trace_id}-00f067aa0ba902b7-00", f"00-{trace_id}-0-01"):
                httpx.get(url, headers=house.headers | {"traceparent": parent})
            body = {"name": "n", "subject": "s", "html": "<p>x</p>"}
            place = f"http://127.0.0.1:{port}/v1/templates"
            httpx.post(place, json=body, headers=house.headers)
            process.terminate()
            said, _ = process.communicate(timeout=40)
    spans = collector.spans()
    assert [name for name, trace, _ in spans if trace == trace_id] == ["http_request"]
    (appended,) = [trace for name, trace, _ in spans if name == "append"]
    (asked,) = [one for name, trace, one in spans if trace == appended and name == "http_request"]
    assert asked["route"] == "/v1/templates"
    logged = [json.loads(line) for line in said.splitlines() if '"http_request"' in line]
    assert appended in {line["trace_id"] for line in logged}


def test_a_collector_that_is_away_holds_nothing_up(settings: Settings, app: Adapters) -> None:
    house, port = found_house(app), free_port()
    with socket.create_server(("127.0.0.1", 0)) as black_hole:
        endpoint = f"http://127.0.0.1:{black_hole.getsockname()[1]}/v1/traces"
        with api_process(
            settings, port, output=subprocess.DEVNULL, ENGINE_OTLP_ENDPOINT=endpoint
        ) as process:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                answers = {
                    client.get("/v1/templates", headers=house.headers).status_code
                    for _ in range(300)
                }
            assert answers == {200}
            process.terminate()
            assert process.wait(timeout=30) == 0


def test_metrics_have_labels_of_ours_alone(settings: Settings, app: Adapters) -> None:
    port = free_port()
    houses = [found_house(app, f"House {n}") for n in range(3)]
    inside = free_port()
    with api_process(
        settings, port, output=subprocess.DEVNULL, ENGINE_API_METRICS_PORT=str(inside)
    ):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for n in range(300):
                house = houses[n % 3]
                client.request(f"METHOD{n}" if n % 3 else "GET", f"/v1/{n}", headers=house.headers)
                client.get(f"/v1/contacts/{n}", headers={"Authorization": f"Bearer {n}"})
            client.get("/v1/templates", headers=houses[0].headers)
        page = httpx.get(f"http://127.0.0.1:{inside}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(page)}
    series = {
        (s.labels["route"], s.labels["method"], s.labels["status"])
        for s in families["engine_http_request_duration_seconds"].samples
        if s.name.endswith("_count")
    }
    assert ("/v1/templates", "GET", "200") in series
    assert {route for route, _, _ in series} <= {"unknown", "/v1/templates", "/readyz"}
    assert len(series) <= 10
    assert "engine_db_pool_wait_seconds" in families
    assert not any(str(house.workspace_id) in page for house in houses)


def test_each_dependency_that_is_down_is_told_inside(
    settings: Settings, nats_server: EmbeddedNats
) -> None:
    away = "postgresql://127.0.0.1:1/x"
    well = replace(settings, nats_url=nats_server.url())
    table = [
        (well, 200, {"postgres": "ok", "migrations": "ok", "vault": "ok", "nats": "ok"}),
        (settings, 200, {"nats": "degraded", "postgres": "ok", "vault": "ok"}),
        (replace(well, database_url=away), 503, {"postgres": "down", "vault": "ok"}),
        (replace(well, vault_url=away), 503, {"postgres": "ok", "vault": "down"}),
    ]
    for given, status, parts in table:
        adapters = Adapters(given, role=Role.APP, name="test-inside")
        answers = asyncio.run(ask_inside(adapters))
        adapters.close()
        assert answers["/livez"][0] == 200, "it is alive, whatever is away"
        assert answers["/readyz"][0] == status, answers
        assert answers["/readyz"][1].items() >= parts.items()
        assert answers["/metrics"][0] == 200
        assert answers["/v1/templates"][0] == 404


async def ask_inside(adapters: Adapters) -> dict[str, tuple[int, dict[str, str]]]:
    inside = InternalPort(HttpMetrics(adapters.pool).registry, health_checks(adapters))
    port = inside.start("127.0.0.1", 0)
    found = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        for page in ("/livez", "/readyz", "/metrics", "/v1/templates"):
            answer = await client.get(page)
            is_json = answer.headers.get("content-type") == "application/json"
            found[page] = (answer.status_code, answer.json() if is_json else {})
    await asyncio.to_thread(inside.close)
    return found


def test_sockets_that_say_nothing_keep_nobody_out(settings: Settings) -> None:
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(api_process(settings, port))
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(500)
        ]
        for one in slow:
            one.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert httpx.get(f"http://127.0.0.1:{port}/livez", timeout=5).status_code == 200
