"""People sign in by a Supabase project or an OpenID provider, over HTTP on the real application."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec
import pytest

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret, Settings, SignInSettings
from tests.support.accounts import mailed, signed, signed_up
from tests.support.fake_issuer import CLIENT_ID, CLIENT_SECRET, FakeIssuer
from tests.support.http_client import serving

pytestmark = pytest.mark.integration

EMAIL = "ada@example.com"


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as issuer:
        yield issuer


@pytest.fixture
def app(settings: Settings, issuer: FakeIssuer) -> Iterator[Adapters]:
    sign_in = SignInSettings(
        gotrue_issuer=issuer.issuer,
        gotrue_jwks_url=issuer.jwks_url,
        gotrue_audience="authenticated",
        oidc_issuer=issuer.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=Secret(CLIENT_SECRET),
    )
    allow = frozenset({issuer.origin})
    named = msgspec.structs.replace(settings, sign_in=sign_in, egress_allow=allow)
    adapters = Adapters(named, role=Role.APP, name="test-app")
    yield adapters
    adapters.close()


@pytest.fixture
def client(app: Adapters, worker: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as client:
        mailed(worker)
        signed_up(client, worker, EMAIL)
        yield client


def require_factor(app: Adapters) -> None:
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute("UPDATE accounts SET factor_required = true")


def exchange(client: httpx.Client, token: str, **more: object) -> httpx.Response:
    return client.post("/v1/sessions/exchange", json={"token": token, **more})


def why(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_token_is_exchanged_for_a_session_of_the_account_with_its_address(
    client: httpx.Client, app: Adapters, issuer: FakeIssuer
) -> None:
    unproved = issuer.gotrue(sub="ada")
    assert why(exchange(client, unproved)) == (403, "not_linked")
    session = signed(exchange(client, issuer.gotrue(sub="ada", email_verified=True)))
    me = client.get("/v1/me", headers=session.headers).json()
    assert me["email"] == EMAIL
    assert signed(exchange(client, unproved)).user_id == session.user_id, "linked by now"
    stranger = issuer.gotrue(sub="eve", email="eve@example.com", email_verified=True)
    assert why(exchange(client, stranger)) == (403, "not_linked")
    expired = issuer.gotrue(sub="ada", exp=1)
    assert why(exchange(client, expired)) == (401, "unauthorized")
    forged = issuer.gotrue(sub="ada", iss="https://evil.example")
    assert why(exchange(client, forged)) == (401, "unauthorized")
    bearer = client.get("/v1/me", headers={"Authorization": f"Bearer {unproved}"})
    assert bearer.status_code == 401, "it is taken at one route alone"
    require_factor(app)
    assert exchange(client, unproved).json()["second_factor_required"]
    strong = signed(exchange(client, issuer.gotrue(sub="ada", aal="aal2")))
    listed = client.get("/v1/sessions", headers=strong.headers).json()["items"]
    assert [each["second_factor"] for each in listed if each["current"]] == [True]
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute("UPDATE accounts SET disabled = true")
    assert why(exchange(client, unproved)) == (401, "sign_in_refused")


def test_a_flood_of_unknown_keys_and_an_issuer_that_is_down_hurt_nobody(
    client: httpx.Client, issuer: FakeIssuer
) -> None:
    issuer.mode = "down"
    token = issuer.gotrue(sub="ada", email_verified=True)
    assert why(exchange(client, token)) == (503, "unavailable")
    assert len(issuer.asked) == 1
    issuer.mode = "ok"
    for _ in range(5):
        made_up = issuer.sign(issuer.gotrue_claims(), kid=uuid4().hex)
        assert exchange(client, made_up).status_code in {401, 503}
    assert len(issuer.asked) == 1, "asked once in a while, whatever comes"


def test_a_sign_in_at_the_provider_ends_in_a_session_of_this_browser_alone(
    client: httpx.Client, app: Adapters, issuer: FakeIssuer
) -> None:
    def begin() -> tuple[str, dict[str, str]]:
        begun = client.get("/v1/sessions/oidc")
        assert begun.status_code == 303, begun.text
        cookie = begun.headers["set-cookie"]
        for part in ("__Host-oidc=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert part in cookie
        client.cookies.clear()
        return begun.headers["location"], {"Cookie": cookie.partition(";")[0]}

    def back(location: str, cookie: dict[str, str], **changes: str) -> httpx.Response:
        target = urlsplit(issuer.approve(location, **changes))
        assert target.path == "/v1/sessions/oidc/callback"
        answer = client.get(f"{target.path}?{target.query}", headers=cookie)
        client.cookies.clear()
        return answer

    location, cookie = begin()
    assert why(back(location, {})) == (401, "unauthorized"), "another browser"
    assert why(back(location, cookie, state="of another")) == (401, "unauthorized")
    assert why(back(location, cookie, iss="https://evil.example")) == (401, "unauthorized")
    target = urlsplit(issuer.approve(location))
    path = f"{target.path}?{target.query}"
    done = client.get(path, headers=cookie)
    client.cookies.clear()
    assert (done.status_code, done.headers["location"]) == (
        303,
        f"{app.settings.public_url}/sign-in",
    )
    (kept,) = (c for c in done.headers.get_list("set-cookie") if c.startswith("__Host-refresh="))
    ours = {"Cookie": kept.partition(";")[0], "X-Engine-Request": "1"}
    refreshed = client.post(
        "/v1/sessions/refresh", json={}, headers=ours | {"Sec-Fetch-Site": "same-origin"}
    )
    assert refreshed.status_code == 200, refreshed.text
    client.cookies.clear()
    assert why(client.get(path, headers=cookie)) == (401, "unauthorized"), "a code is good once"
    require_factor(app)
    asked = back(*begin())
    assert "#challenge=" in asked.headers["location"]
    assert "__Host-refresh=" not in str(asked.headers)


def test_where_nobody_vouches_there_is_no_such_route(settings: Settings) -> None:
    plain = Adapters(settings, role=Role.APP, name="test-app")
    with serving(plain) as client:
        assert why(exchange(client, "x.y.z")) == (404, "not_found")
        assert why(client.get("/v1/sessions/oidc")) == (404, "not_found")
    plain.close()
