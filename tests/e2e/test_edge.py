"""The edge of the HTTP process: who may talk to it, from where, how often and how slowly."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Request, get, post
from msgspec.structs import replace

from infra.bootstrap import Adapters
from infra.crypto.links import SignedLinks
from infra.edge_values import Limit, parse_networks
from infra.observability.http_metrics import HttpMetrics
from infra.postgres.connections import Role
from infra.settings import Settings
from read_api.app import create_app
from read_api.edge import rate_limit
from read_api.edge.deadlines import Deadlines
from read_api.routes import ROUTES
from tests.support.http_client import found_house, issued_token

pytestmark = pytest.mark.e2e

FRIEND = "https://app.example.com"
TEMPLATE = {"name": "N", "subject": "S", "html": "<p>x</p>"}


@post("/x/change", sync_to_thread=False, opt={"public": True})
def post_change() -> str:
    return "changed"


@get("/x/from", sync_to_thread=False, opt={"public": True})
def get_from(request: Request[Any, Any, Any]) -> str:
    return f"{request.client.host} {request.url.scheme}"


@get("/x/fails", sync_to_thread=False, opt={"public": True})
def get_fails() -> str:
    raise RuntimeError("on purpose")


PLANTED = [*ROUTES, post_change, get_from, get_fails]


@asynccontextmanager
async def edge(
    app: Adapters, *, peer: str = "198.51.100.7", metrics: HttpMetrics | None = None, **changed: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve with other settings of the edge, to somebody at `peer`."""
    app.settings = replace(app.settings, edge=replace(app.settings.edge, **changed))
    served = create_app(app, routes=PLANTED, metrics=metrics)
    transport = httpx.ASGITransport(served, client=(peer, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def app(settings: Settings) -> Iterator[Adapters]:
    adapters = Adapters(settings, role=Role.APP, name="test-edge")
    yield adapters
    adapters.close()


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, problem["code"]


async def test_only_our_own_names_are_answered_to(app: Adapters) -> None:
    async with edge(app, hosts=frozenset({"mail.example.com"})) as client:
        for host in ("mail.example.com", "MAIL.example.com:8443", "127.0.0.1:1", "localhost"):
            assert (await client.get("/livez", headers={"Host": host})).status_code == 200, host
        for host in (
            "",
            "mailXexample.com",
            "mail.example.com.evil.example",
            "evil.mail.example.com",
            "mail.example.com:x",
            "mail.example.com@evil.example",
            "mail.example.com, evil.example",
            "[::2]",
        ):
            answer = await client.get(
                "/livez", headers={"Host": host, "X-Forwarded-Host": "mail.example.com"}
            )
            assert code(answer) == (400, "unknown_host"), host
            assert not host or host not in answer.text, "and it is not written back"
        twice = [("Host", "mail.example.com"), ("Host", "mail.example.com")]
        assert code(await client.get("/livez", headers=twice)) == (400, "unknown_host")


async def test_a_tracking_host_of_its_own_has_the_linked_pages_and_nothing_else(
    app: Adapters,
) -> None:
    app.settings = replace(app.settings, tracking_url="https://t.example.com")
    async with edge(app) as client:
        there = {"Host": "t.example.com"}
        assert (await client.get("/t/o/none.gif", headers=there)).status_code == 200
        assert (await client.get("/u/none", headers=there)).status_code != 400
        for path in ("/livez", "/v1/me", "/v1/contacts", "/", "/t", "/v1/../t/"):
            assert code(await client.get(path, headers=there)) == (404, "not_found"), path
        assert (await client.get("/t/o/none.gif")).status_code == 200  # of mails sent before
    token = SignedLinks(app.settings.secret_key, public_url=app.settings.tracking_url)
    urls = token.of_message(workspace_id=uuid4(), campaign_id=uuid4(), contact_id=uuid4(), links=1)
    assert urls.open_url.startswith("https://t.example.com/t/o/")


async def test_a_name_of_a_sending_domain_has_the_linked_pages_where_that_is_allowed(
    app: Adapters,
) -> None:
    theirs = {"Host": "track.acme.example"}
    async with edge(app) as client:
        answer = await client.get("/t/o/none.gif", headers=theirs)
        assert code(answer) == (400, "unknown_host")
    app.settings = replace(app.settings, domains=replace(app.settings.domains, own_tracking=True))
    async with edge(app) as client:
        assert (await client.get("/t/o/none.gif", headers=theirs)).status_code == 200
        for path in ("/livez", "/v1/me", "/"):
            assert code(await client.get(path, headers=theirs)) == (404, "not_found"), path
        other = await client.get("/t/o/none.gif", headers={"Host": "links.acme.example"})
        assert code(other) == (400, "unknown_host")


async def test_only_listed_origins_may_read_answers(app: Adapters) -> None:
    ask = {"Access-Control-Request-Method": "POST"}
    async with edge(app, origins=frozenset({FRIEND})) as client:
        answer = await client.get("/livez", headers={"Origin": FRIEND})
        assert answer.headers["access-control-allow-origin"] == FRIEND
        assert "Origin" in answer.headers["vary"]
        allowed = await client.options("/v1/templates", headers={"Origin": FRIEND} | ask)
        assert (allowed.status_code, allowed.content) == (204, b"")
        assert "idempotency-key" in allowed.headers["access-control-allow-headers"]
        assert "*" not in str(allowed.headers)
        for origin in (
            "null", "*", "http://app.example.com", f"{FRIEND}:8443", f"{FRIEND}.evil.example",
            "https://evil-app.example.com", "https://appXexample.com", f"{FRIEND}/",
            "https://APP.example.com", f"{FRIEND}, {FRIEND}", "",
        ):  # fmt: skip
            for answer in (
                await client.get("/livez", headers={"Origin": origin}),
                await client.options("/v1/templates", headers={"Origin": origin} | ask),
            ):
                assert not [h for h in answer.headers if h.startswith("access-control")], origin
                assert "Origin" in answer.headers["vary"]


async def test_a_page_of_another_site_cannot_change_anything_with_our_cookies(
    app: Adapters,
) -> None:
    cookie, own = {"Cookie": "a=b; __Host-refresh=x"}, {"X-Engine-Request": "1"}
    async with edge(app, origins=frozenset({FRIEND})) as client:

        async def post_with(**headers: str) -> httpx.Response:
            return await client.post("/x/change", headers=headers)

        for origin in (FRIEND, "http://127.0.0.1:1"):
            assert (await post_with(**cookie, **own, Origin=origin)).status_code == 201
        same = {"Sec-Fetch-Site": "same-origin"}
        assert (await post_with(**cookie, **own, **same)).status_code == 201
        assert (await post_with(Cookie="theme=dark")).status_code == 201, "not ours"
        for headers in (
            {},
            own,
            own | {"Origin": "https://evil.example"},
            own | {"Origin": "null"},
            own | {"Origin": "https://evil.example"} | same,
            own | {"Sec-Fetch-Site": "same-site"},
            own | {"Sec-Fetch-Site": "cross-site"},
            {"Origin": FRIEND},
        ):
            assert code(await post_with(**cookie, **headers)) == (403, "forged_request"), headers


async def test_the_client_is_the_right_most_hop_that_is_not_ours(app: Adapters) -> None:
    trusted = parse_networks("10.0.0.0/8, fd00::/8")
    table = [
        ("10.0.0.9", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.9", "1.2.3.4, 203.0.113.5, 10.1.1.1", "203.0.113.5"),
        ("10.0.0.9", "1.2.3.4, garbage, 10.1.1.1", "10.1.1.1"),
        ("10.0.0.9", "10.2.2.2", "10.2.2.2"),
        ("10.0.0.9", "2001:db8::5, fd00::1", "2001:db8::5"),
        ("::ffff:10.0.0.9", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("198.51.100.7", "203.0.113.5", "198.51.100.7"),
    ]
    for peer, forwarded, client_seen in table:
        async with edge(app, peer=peer, proxies=trusted) as client:
            headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
            seen = (await client.get("/x/from", headers=headers)).text
            scheme = "https" if peer.endswith("10.0.0.9") else "http"
            assert seen == f"{client_seen} {scheme}", (peer, forwarded)


async def test_a_network_is_limited_before_anybody_is_recognised(app: Adapters) -> None:
    limit = Limit(3, 3600)
    proxies = parse_networks("10.0.0.0/8")
    async with edge(app, peer="10.0.0.9", proxies=proxies, network_limit=limit) as client:

        async def ask(place: str, address: str) -> httpx.Response:
            return await client.get(place, headers={"X-Forwarded-For": address})

        first = await ask("/v1/templates", "203.0.113.5")
        assert code(first) == (401, "unauthorized")
        assert first.headers["ratelimit-policy"] == '"network";q=3;w=3600'
        assert first.headers["ratelimit"] == '"network";r=2;t=1200'
        for last in (6, 7):
            assert (await ask("/readyz", f"203.0.113.{last}")).status_code != 429
        refused = await ask("/v1/openapi.json", "203.0.113.250")
        assert code(refused) == (429, "rate_limited")
        assert 1100 < int(refused.headers["retry-after"]) <= 1200
        assert refused.headers["ratelimit"].startswith('"network";r=0;')
        assert (await ask("/v1/openapi.json", "203.0.114.5")).status_code == 200, "another /24"
        assert (await ask("/livez", "203.0.113.5")).status_code == 200
        assert (await ask("/t/o/x.gif", "203.0.113.5")).status_code == 200
        assert (await ask("/u/x", "203.0.113.5")).status_code == 404
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"):
            await ask("/readyz", address)
        assert (await ask("/readyz", "2001:db8::4")).status_code == 429, "one /64"
        assert (await ask("/readyz", "2001:db8:0:1::4")).status_code != 429


async def test_a_key_and_its_workspace_are_limited_wherever_they_call_from(
    app: Adapters,
) -> None:
    house, other = found_house(app), found_house(app, "Other")
    second = {"Authorization": f"Bearer {issued_token(app, house.workspace_id)}"}
    limits = {"key_limit": Limit(3, 3600), "workspace_limit": Limit(5, 3600)}
    metrics = HttpMetrics(app.pool)
    async with edge(app, metrics=metrics, **limits) as client:

        async def ask(headers: dict[str, str]) -> int:
            return (await client.get("/v1/templates", headers=headers)).status_code

        assert [await ask(house.headers) for _ in range(4)] == [200, 200, 200, 429]
        answer = await client.get("/v1/templates", headers=second)
        assert answer.headers["ratelimit-policy"] == (
            '"network";q=6000;w=60, "key";q=3;w=3600, "workspace";q=5;w=3600'
        )
        assert '"workspace";r=1;' in answer.headers["ratelimit"]
        assert await ask(second) == 200
        refused = await client.get("/v1/templates", headers=second)
        assert code(refused) == (429, "rate_limited")
        assert "workspace" in refused.json()["detail"]
        assert await ask(other.headers) == 200
    limited = metrics.registry.get_sample_value
    assert limited("engine_http_rate_limited_total", {"policy": "key"}) == 1
    assert limited("engine_http_rate_limited_total", {"policy": "workspace"}) == 1


async def test_without_a_database_reads_are_counted_here_and_writes_are_not_done(
    app: Adapters,
) -> None:
    async with edge(app, network_limit=Limit(3, 3600)) as client:
        app.pool.close()
        answers = [await client.get("/v1/openapi.json") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert code(await client.post("/x/change")) == (503, "unavailable")
        assert (await client.get("/livez")).status_code == 200


async def test_after_an_outage_the_shared_buckets_count_again(
    app: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "OUT_S", 0.0)
    async with edge(app, network_limit=Limit(2, 3600)) as client:
        good, app.rate_buckets._pool = app.rate_buckets._pool, Closed()
        assert (await client.get("/v1/openapi.json")).status_code == 200
        app.rate_buckets._pool = good
        seen = [(await client.get("/v1/openapi.json")).status_code for _ in range(3)]
        assert seen == [200, 200, 429]


class Closed:
    def connection(self, **_: object) -> None:
        import psycopg  # noqa: PLC0415

        raise psycopg.OperationalError


async def test_a_body_that_trickles_is_given_up(app: Adapters) -> None:
    house = found_house(app)
    served = create_app(app)
    door = served.asgi_handler._app
    door._app = Deadlines(door._app._app, body_s=0.2, answer_s=5)
    transport = httpx.ASGITransport(served)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        headers = house.headers | {"Content-Type": "application/json"}
        answer = await client.post("/v1/templates", content=trickle(), headers=headers)
        assert code(answer) == (408, "request_timeout")
        headers["Content-Type"] = "text/csv"
        answer = await client.post("/v1/contacts/imports", content=trickle(), headers=headers)
        assert code(answer) == (408, "request_timeout")


async def test_an_answer_that_does_not_come_is_given_up(app: Adapters) -> None:
    @get("/x/slow", opt={"public": True})
    async def get_slow() -> str:
        await asyncio.sleep(60)
        return "never"

    served = create_app(app, routes=[*ROUTES, get_slow])
    door = served.asgi_handler._app
    door._app = Deadlines(door._app._app, body_s=5, answer_s=0.2)
    transport = httpx.ASGITransport(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert code(await client.get("/x/slow")) == (503, "unavailable")
        assert (await client.get("/livez")).status_code == 200


async def test_every_route_and_every_refusal_has_the_security_headers(app: Adapters) -> None:
    async with edge(app) as client:
        document = (await client.get("/v1/openapi.json")).json()
        places = [
            (method.upper(), path.replace("{pixel}", "x.gif").replace("{token}", "x"))
            for path, operations in document["paths"].items()
            for method in (*operations, "options", "head")
        ]
        for method, path in [*places, ("GET", "/v1/nothing"), ("GET", "/x/fails")]:
            place = path.split("{")[0] + (str(uuid4()) if "{" in path else "")
            for host in ("127.0.0.1", "evil.example"):
                answer = await client.request(method, place, headers={"Host": host})
                given = answer.headers
                assert given["content-security-policy"].startswith("default-src 'none';")
                framed = "frame-ancestors 'none'" in given["content-security-policy"]
                assert framed or path.startswith("/v1/previews/"), path
                assert given["x-content-type-options"] == "nosniff"
                assert given["referrer-policy"] == "no-referrer"
                assert given["strict-transport-security"].startswith("max-age=31536000")
                assert given["cache-control"] == "no-store", place
                assert given["vary"] == "Origin"
                assert answer.status_code < 500 or path in {"/x/fails", "/readyz", "/startupz"}
