"""API keys through the real application: scopes, networks, life, rotation, last use."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from commands.developer.issue_api_key import IssueApiKey, issue_api_key
from commands.developer.secret import Secret
from domain.developer.scopes import Grant
from domain.tenancy.roles import PERMISSIONS
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.tokens import new_token
from infra.postgres.api_tokens import PostgresApiTokens
from infra.postgres.tenant_scope import tenant_scope
from read_api.app import create_app
from tests.support.asking import asking
from tests.support.http_client import House, found_house

pytestmark = pytest.mark.integration


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app, permissions=("keys:manage",))


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    """A client whose address is 203.0.113.9."""
    application = create_app(app)

    async def from_there(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = ("203.0.113.9", 5000)
        await application(scope, receive, send)

    with TestClient(from_there, raise_server_exceptions=False) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def issue(client: httpx.Client, house: House, **body: object) -> httpx.Response:
    wanted = {"name": "shop", "scopes": ["contacts:read"]} | body
    return client.post("/v1/api-keys", json=wanted, headers=house.headers)


def answer_of(client: httpx.Client, secret: str, path: str = "/v1/contacts") -> int:
    return client.get(path, headers=bearer(secret)).status_code


def test_a_key_may_what_its_scopes_say_until_it_is_revoked(
    client: httpx.Client, house: House
) -> None:
    made = issue(client, house)
    assert made.status_code == 202, made.text
    key, secret = made.json()["id"], made.json()["secret"]
    assert secret.startswith("ee_live_")
    assert answer_of(client, secret) == 200
    assert answer_of(client, secret, "/v1/campaigns") == 403
    assert answer_of(client, secret, "/v1/api-keys") == 403
    told = client.get(f"/v1/api-keys/{key}", headers=house.headers).json()
    assert (told["name"], told["prefix"], told["scopes"]) == (
        "shop", secret[:14], ["contacts:read"],
    )  # fmt: skip
    assert told["issued_by"].startswith("token:")
    listed = client.get("/v1/api-keys", headers=house.headers)
    assert listed.json()["items"][0]["key_id"] == key
    assert secret not in listed.text
    assert client.delete(f"/v1/api-keys/{key}", headers=house.headers).status_code == 202
    assert answer_of(client, secret) == 401


def test_no_dump_of_the_database_holds_a_usable_key(
    client: httpx.Client, house: House, worker: Adapters
) -> None:
    secret = issue(client, house).json()["secret"]
    with worker.pool.connection() as connection:
        stored = connection.execute("SELECT data FROM events").fetchall()
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        rows = cursor.execute("SELECT t::text FROM api_tokens t").fetchall()
    assert not any(secret[14:].encode() in bytes(row[0]) for row in stored)
    assert not any(secret[14:] in row[0] for row in rows)


def test_nobody_issues_above_his_own_and_a_key_cannot_outgrow_itself(
    client: httpx.Client, house: House
) -> None:
    assert issue(client, house, scopes=["members:manage"]).status_code == 403
    assert issue(client, house, scopes=["everything"]).status_code == 403
    assert issue(client, house, scopes=[]).status_code == 400
    assert issue(client, house, networks=["10.0.0.1/8"]).status_code == 422
    narrow = issue(client, house, scopes=["keys:manage", "contacts:read"], test=True).json()
    child = {"name": "child", "scopes": ["contacts:read"]}
    told = client.post("/v1/api-keys", json=child, headers=bearer(narrow["secret"]))
    assert (told.status_code, "test keys" in told.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("networks", "status"),
    [(["203.0.113.0/24"], 200), (["198.51.100.0/24", "2001:db8::/32"], 403), ([], 200)],
)
def test_a_key_is_good_from_its_networks_only(
    client: httpx.Client, house: House, networks: list[str], status: int
) -> None:
    secret = issue(client, house, networks=networks).json()["secret"]
    assert answer_of(client, secret) == status


def test_two_secrets_live_until_the_old_one_ends(
    client: httpx.Client, house: House, worker: Adapters
) -> None:
    made = issue(client, house).json()
    path = f"/v1/api-keys/{made['id']}/rotate"
    second = client.post(path, json={}, headers=house.headers).json()["secret"]
    assert [answer_of(client, secret) for secret in (made["secret"], second)] == [200, 200]
    third = client.post(path, json={"old_ends_in_s": 3600}, headers=house.headers).json()["secret"]
    live = [answer_of(client, secret) for secret in (made["secret"], second, third)]
    assert live == [401, 200, 200]
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        cursor.execute("UPDATE api_tokens SET previous_ends_at = now() - interval '1 second'")
    assert [answer_of(client, secret) for secret in (second, third)] == [401, 200]
    client.post(path, json={"old_ends_in_s": 0}, headers=house.headers)
    assert answer_of(client, third) == 401


def test_a_key_ends_at_its_time(app: Adapters, client: httpx.Client, house: House) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert issue(client, house, expires_at=yesterday.isoformat()).status_code == 422
    secret = Secret(new_token())
    grant = Grant(scopes=("contacts:read",), expires_at=yesterday)
    command = IssueApiKey(
        token_id=new_id(), name="old", secret=secret, grant=grant, permissions=PERMISSIONS
    )
    context = asking(house.workspace_id)
    earlier = context.now - timedelta(days=2)
    past = type(context)(
        workspace_id=context.workspace_id,
        actor="cli",
        now=earlier,
        command_id=context.command_id,
        correlation_id=context.correlation_id,
    )
    issue_api_key(command, past, app.log, PostgresApiTokens())
    assert answer_of(client, secret.text) == 401


def test_the_last_use_is_noted_once_a_minute(
    client: httpx.Client, house: House, worker: Adapters
) -> None:
    made = issue(client, house).json()

    def last_use() -> object:
        return client.get(f"/v1/api-keys/{made['id']}", headers=house.headers).json()[
            "last_used_at"
        ]

    assert last_use() is None
    assert answer_of(client, made["secret"]) == 200
    deadline = time.monotonic() + 10
    while (noted := last_use()) is None:
        assert time.monotonic() < deadline
    assert answer_of(client, made["secret"]) == 200
    assert last_use() == noted
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        cursor.execute("UPDATE api_tokens SET last_used_at = now() - interval '2 minutes'")
    before = last_use()
    assert answer_of(client, made["secret"]) == 200
    while last_use() == before:
        assert time.monotonic() < deadline


def test_the_same_request_again_shows_no_other_secret(client: httpx.Client, house: House) -> None:
    headers = house.headers | {"Idempotency-Key": "once"}
    body = {"name": "shop", "scopes": ["contacts:read"]}
    first = client.post("/v1/api-keys", json=body, headers=headers)
    second = client.post("/v1/api-keys", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["code"] == "secret_shown"
    assert answer_of(client, first.json()["secret"]) == 200
