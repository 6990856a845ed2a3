"""Accounts and sessions by the API, on real databases: the whole life, and what must not work."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands.http.accounts import FLOOR_S
from commands.identity.close_account import disable_account, enable_account
from commands.identity.ports import TooManyAttemptsError
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.crypto.access_tokens import ALGORITHM, AUDIENCE, TYPE
from infra.crypto.derive import derive_key
from infra.postgres.attempts import PostgresAttempts
from infra.postgres.sessions import PostgresSessions
from infra.postgres.tenant_scope import tenant_scope
from tests.support.accounts import (
    PASSWORD,
    Signed,
    join,
    mailed,
    register,
    set_clock_back,
    sign_in,
    signed,
    signed_up,
    token_of,
)
from tests.support.asking import asking
from tests.support.http_client import found_house, serving

pytestmark = pytest.mark.integration
has_account = pytest.mark.usefixtures("ann")

OTHER = "quite another sentence than before"


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        yield opened


@pytest.fixture
def email() -> str:
    return f"ann.{uuid4().hex[:8]}@example.com"


@pytest.fixture
def ann(client: httpx.Client, worker: Adapters, email: str) -> Signed:
    mailed(worker)
    return signed_up(client, worker, email)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@has_account
def test_a_known_address_gets_the_same_answer_and_a_mail_that_says_so(
    client: httpx.Client, worker: Adapters, email: str
) -> None:
    known, fresh = register(client, email), register(client, f"x{email}")
    assert (known.status_code, known.content) == (fresh.status_code, fresh.content)
    assert {kind for kind, _, _ in mailed(worker)} == {"address_known", "verify_address"}


def test_two_who_register_one_address_at_once_make_one_account(
    client: httpx.Client, worker: Adapters, email: str
) -> None:
    mailed(worker)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: register(client, email), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    kinds = sorted(kind for kind, _, _ in mailed(worker))
    assert kinds == ["address_known"] * 3 + ["verify_address"]


def test_nobody_signs_in_before_the_address_is_verified(
    client: httpx.Client, worker: Adapters, email: str
) -> None:
    mailed(worker)
    register(client, email)
    assert code(sign_in(client, email)) == (403, "address_not_verified")
    assert client.post("/v1/accounts/verification-mail", json={"email": email}).status_code == 202
    first, second = (token_of(link) for _, _, link in mailed(worker))
    assert client.post("/v1/accounts/verification", json={"token": second}).status_code == 200
    used = client.post("/v1/accounts/verification", json={"token": second})
    assert code(used) == (401, "token_refused")
    assert client.post("/v1/accounts/verification", json={"token": first}).status_code == 200
    signed(sign_in(client, email))


@has_account
def test_who_has_no_account_and_who_is_wrong_get_one_answer(
    client: httpx.Client, email: str
) -> None:
    wrong = sign_in(client, email, "not the sentence").json()
    nobody = sign_in(client, f"nobody.{email}").json()
    nonsense = sign_in(client, "not an address").json()
    for answer in (wrong, nobody, nonsense):
        answer.pop("request_id")
    assert wrong == nobody == nonsense
    assert wrong["code"] == "sign_in_refused"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("password123", "breaches"),
        ("x" * 1024 + "€", "1024"),
        ("{}", "address"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(
    client: httpx.Client, email: str, password: str, why: str
) -> None:
    answer = register(client, email, password.format(email) if password != "{}" else email)
    assert answer.status_code in {400, 422}
    assert why in answer.text


@has_account
def test_failures_delay_the_next_try_and_a_success_forgets_them(
    client: httpx.Client, app: Adapters, email: str
) -> None:
    answers = [sign_in(client, email, f"wrong sentence {n}") for n in range(7)]
    assert code(answers[0]) == (401, "sign_in_refused")
    blocked = answers[-1]
    assert code(blocked) == (429, "too_many_attempts")
    assert int(blocked.headers["retry-after"]) >= 1
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute("UPDATE sign_in_failures SET blocked_until = now()")
    signed(sign_in(client, email))
    with tenant_scope(app.pool, PLATFORM) as cursor:
        assert cursor.execute("SELECT count(*) FROM sign_in_failures").fetchone() == (0,)


def test_a_stranger_elsewhere_keeps_nobody_out_and_all_together_are_bounded(
    app: Adapters, email: str
) -> None:
    attempts = PostgresAttempts(app.pool, app.rate_buckets, app.accounts)

    def tries(networks: list[str]) -> None:
        for network in networks:
            attempts.begin(email, network)

    with pytest.raises(TooManyAttemptsError):
        tries(["203.0.113.0"] * 7)
    tries(["198.51.100.0"])
    with pytest.raises(TooManyAttemptsError):
        tries([f"192.0.2.{n}" for n in range(120)])


@has_account
def test_the_clock_does_not_tell_who_has_an_account(
    client: httpx.Client, worker: Adapters, email: str
) -> None:
    for path in ("/v1/password-resets", "/v1/accounts/verification-mail"):
        for address in (email, f"nobody.{email}"):
            began = time.perf_counter()
            assert client.post(path, json={"email": address}).status_code == 202
            assert time.perf_counter() - began >= FLOOR_S
    mailed(worker)


@has_account
def test_tries_at_once_are_all_counted(client: httpx.Client, email: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        codes = list(
            threads.map(lambda n: sign_in(client, email, f"wrong {n}").json()["code"], range(24))
        )
    assert codes.count("sign_in_refused") <= 8
    assert codes.count("too_many_attempts") >= 16


def test_a_session_shows_where_it_is_and_ends_on_every_process_at_once(
    client: httpx.Client, app: Adapters, ann: Signed, email: str
) -> None:
    other = signed(sign_in(client, email))
    listed = client.get("/v1/sessions", headers=ann.headers).json()["items"]
    assert [one["session_id"] for one in listed] == [str(other.session_id), str(ann.session_id)]
    assert [one["current"] for one in listed] == [False, True]
    with serving(app) as second_process:
        path = f"/v1/sessions/{other.session_id}"
        assert second_process.delete(path, headers=ann.headers).status_code == 200
    assert code(client.get("/v1/me", headers=other.headers)) == (401, "unauthorized")
    gone = client.post("/v1/sessions/refresh", json={"refresh_token": other.refresh_token})
    assert code(gone) == (401, "token_refused")
    assert client.get("/v1/me", headers=ann.headers).json()["email"] == email


def test_nobody_ends_the_session_of_somebody_else(
    client: httpx.Client, worker: Adapters, ann: Signed, email: str
) -> None:
    eve = signed_up(client, worker, f"eve.{email}")
    foreign = client.delete(f"/v1/sessions/{ann.session_id}", headers=eve.headers)
    missing = client.delete(f"/v1/sessions/{uuid4()}", headers=eve.headers)
    assert code(foreign) == code(missing) == (404, "not_found")
    assert client.get("/v1/me", headers=ann.headers).status_code == 200


def test_signing_out_everywhere_ends_all(client: httpx.Client, ann: Signed, email: str) -> None:
    others = [signed(sign_in(client, email)) for _ in range(2)]
    answer = client.delete("/v1/sessions", headers=ann.headers)
    assert "cookies" in answer.headers["clear-site-data"]
    for one in (ann, *others):
        assert client.get("/v1/me", headers=one.headers).status_code == 401


def test_a_refresh_token_works_once_and_a_lost_answer_gets_the_same_again(
    client: httpx.Client, ann: Signed
) -> None:
    def refresh(token: str) -> httpx.Response:
        return client.post("/v1/sessions/refresh", json={"refresh_token": token})

    with ThreadPoolExecutor(4) as tabs:
        answers = list(tabs.map(refresh, [ann.refresh_token] * 4))
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert successor != ann.refresh_token
    assert refresh(successor).status_code == 200


def test_a_copied_refresh_token_ends_the_session_for_both(
    client: httpx.Client, app: Adapters, ann: Signed
) -> None:
    def refresh(token: str) -> httpx.Response:
        return client.post("/v1/sessions/refresh", json={"refresh_token": token})

    successor = refresh(ann.refresh_token).json()["refresh_token"]
    set_clock_back(app, ann.session_id, "rotated_at", "11 seconds")
    assert code(refresh(ann.refresh_token)) == (401, "token_refused")
    assert code(refresh(successor)) == (401, "token_refused")
    assert client.get("/v1/me", headers=ann.headers).status_code == 401


def test_a_made_up_refresh_token_hurts_nobody(
    client: httpx.Client, app: Adapters, ann: Signed
) -> None:
    forger = PostgresSessions(app.pool, type(app.settings.secret_key)("k" * 40))
    made_up = forger._token(ann.session_id, 0)
    for token in (made_up, "er_x", "x", ann.refresh_token[:-1]):
        answer = client.post("/v1/sessions/refresh", json={"refresh_token": token})
        assert code(answer) == (401, "token_refused")
    assert client.get("/v1/me", headers=ann.headers).status_code == 200


@pytest.mark.parametrize(("column", "by"), [("used_at", "15 days"), ("ends_at", "91 days")])
def test_a_session_ends_when_it_idles_or_is_too_old(
    client: httpx.Client, app: Adapters, ann: Signed, column: str, by: str
) -> None:
    set_clock_back(app, ann.session_id, column, by)
    assert client.get("/v1/me", headers=ann.headers).status_code == 401
    answer = client.post("/v1/sessions/refresh", json={"refresh_token": ann.refresh_token})
    assert code(answer) == (401, "token_refused")


@has_account
def test_a_browser_keeps_its_refresh_token_where_no_script_reads(
    client: httpx.Client, email: str
) -> None:
    body = {"email": email, "password": PASSWORD, "cookie": True}
    answer = client.post("/v1/sessions", json=body)
    assert answer.json()["refresh_token"] is None
    cookie = answer.headers["set-cookie"]
    for part in ("__Host-refresh=", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part in cookie
    client.cookies.clear()
    kept = {"Cookie": cookie.partition(";")[0]}
    forged = client.post("/v1/sessions/refresh", json={}, headers=kept)
    assert code(forged) == (403, "forged_request")
    ours = kept | {"X-Engine-Request": "1", "Sec-Fetch-Site": "same-origin"}
    refreshed = client.post("/v1/sessions/refresh", json={}, headers=ours)
    assert refreshed.status_code == 200
    assert "__Host-refresh=" in refreshed.headers["set-cookie"]
    client.cookies.clear()


def test_a_changed_password_ends_the_other_sessions_and_mailed_links(
    client: httpx.Client, worker: Adapters, ann: Signed, email: str
) -> None:
    other = signed(sign_in(client, email))
    assert client.post("/v1/password-resets", json={"email": email}).status_code == 202
    ((kind, _, link),) = mailed(worker)
    assert kind == "reset_password"
    wrong = {"current_password": "not it at all", "new_password": OTHER}
    assert code(client.put("/v1/me/password", json=wrong, headers=ann.headers))[0] == 401
    right = {"current_password": PASSWORD, "new_password": OTHER}
    assert client.put("/v1/me/password", json=right, headers=ann.headers).status_code == 200
    assert client.get("/v1/me", headers=ann.headers).status_code == 200
    assert client.get("/v1/me", headers=other.headers).status_code == 401
    late = {"token": token_of(link), "password": "yet another long sentence"}
    assert code(client.post("/v1/password-resets/redemption", json=late)) == (401, "token_refused")
    assert code(sign_in(client, email)) == (401, "sign_in_refused")
    signed(sign_in(client, email, OTHER))
    assert [kind for kind, _, _ in mailed(worker)] == ["password_changed"]


def test_a_reset_sets_the_password_once_and_its_link_is_for_nothing_else(
    client: httpx.Client, worker: Adapters, ann: Signed, email: str
) -> None:
    answers = [
        client.post("/v1/password-resets", json={"email": one}, headers={"Host": "127.0.0.1"})
        for one in (email, f"nobody.{email}")
    ]
    assert answers[0].content == answers[1].content
    ((_, address, link),) = mailed(worker)
    assert address == email
    token = token_of(link)
    crossed = client.post("/v1/accounts/verification", json={"token": token})
    assert code(crossed) == (401, "token_refused")
    weak = client.post(
        "/v1/password-resets/redemption", json={"token": token, "password": "12345678"}
    )
    assert code(weak) == (422, "weak_password")
    body = {"token": token, "password": OTHER}
    assert client.post("/v1/password-resets/redemption", json=body).status_code == 200
    assert code(client.post("/v1/password-resets/redemption", json=body))[0] == 401
    assert client.get("/v1/me", headers=ann.headers).status_code == 401
    signed(sign_in(client, email, OTHER))


@has_account
def test_links_are_those_of_the_settings_whatever_the_host_says(
    client: httpx.Client, app: Adapters, worker: Adapters, email: str
) -> None:
    client.post("/v1/password-resets", json={"email": email}, headers={"Host": "localhost"})
    ((_, _, link),) = mailed(worker)
    assert link.startswith(f"{app.settings.public_url}/reset-password#token=")


def test_an_account_is_disabled_and_enabled_by_the_operator(
    client: httpx.Client, app: Adapters, ann: Signed, email: str
) -> None:
    sessions = PostgresSessions(app.pool, app.settings.secret_key)
    disable_account(
        ann.user_id, asking(PLATFORM), app.log, app.accounts, sessions, reason="spam was reported"
    )
    assert client.get("/v1/me", headers=ann.headers).status_code == 401
    assert code(sign_in(client, email)) == (401, "sign_in_refused")
    enable_account(ann.user_id, asking(PLATFORM), app.log, app.accounts)
    signed(sign_in(client, email))


def test_who_leaves_takes_address_and_key_along(
    client: httpx.Client, app: Adapters, ann: Signed, email: str
) -> None:
    wrong = client.request("DELETE", "/v1/me", json={"password": "not it"}, headers=ann.headers)
    assert code(wrong)[0] == 401
    gone = client.request("DELETE", "/v1/me", json={"password": PASSWORD}, headers=ann.headers)
    assert gone.status_code == 200, gone.text
    assert client.get("/v1/me", headers=ann.headers).status_code == 401
    assert app.vault.is_fenced(PLATFORM, ann.user_id)
    assert app.accounts.by_address(email) is None
    assert app.accounts.leaving() == []
    assert register(client, email).status_code == 202


def test_a_token_is_for_one_workspace_and_a_lost_role_counts_at_once(
    client: httpx.Client, app: Adapters, ann: Signed
) -> None:
    house, foreign = found_house(app), found_house(app)
    join(app, house.workspace_id, ann.user_id, "viewer")
    assert code(client.get("/v1/contacts", headers=ann.headers)) == (403, "forbidden")
    refused = client.post(
        "/v1/sessions/workspace",
        json={"workspace_id": str(foreign.workspace_id)},
        headers=ann.headers,
    )
    assert code(refused) == (404, "not_found")
    went = client.post(
        "/v1/sessions/workspace",
        json={"workspace_id": str(house.workspace_id)},
        headers=ann.headers,
    )
    inside = {"Authorization": f"Bearer {went.json()['access_token']}"}
    assert client.get("/v1/contacts", headers=inside).status_code == 200
    draft = {"name": "x", "template_id": str(uuid4())}
    assert code(client.post("/v1/campaigns", json=draft, headers=inside)) == (403, "forbidden")
    join(app, house.workspace_id, ann.user_id, "editor")
    assert client.post("/v1/campaigns", json=draft, headers=inside).status_code == 404
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        cursor.execute("DELETE FROM members WHERE user_id = %s", (ann.user_id,))
    assert code(client.get("/v1/contacts", headers=inside)) == (401, "unauthorized")


def test_the_last_owner_of_a_workspace_cannot_leave(client: httpx.Client, ann: Signed) -> None:
    founded = client.post("/v1/workspaces", json={"name": "Acme"}, headers=ann.headers)
    assert founded.status_code == 202
    answer = client.request("DELETE", "/v1/me", json={"password": PASSWORD}, headers=ann.headers)
    assert code(answer) == (409, "last_owner")
    assert client.get("/v1/me", headers=ann.headers).json()["memberships"]


def test_forged_access_tokens_are_refused(client: httpx.Client, app: Adapters, ann: Signed) -> None:
    key = Ed25519PrivateKey.from_private_bytes(
        derive_key(app.settings.secret_key, "access-token-ed25519")
    )
    (published,) = client.get("/.well-known/jwks.json").json()["keys"]
    now = datetime.now(UTC)
    good = {
        "iss": app.settings.public_url,
        "aud": AUDIENCE,
        "sub": str(ann.user_id),
        "sid": str(ann.session_id),
        "jti": "1",
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(minutes=5),
    }
    head = {"typ": TYPE, "kid": published["kid"]}

    def ask(claims: dict[str, object], headers: dict[str, object], key: object = key) -> int:
        token = jwt.encode(claims, key, algorithm=ALGORITHM, headers=headers)  # type: ignore[arg-type]
        return client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code

    assert ask(good, head) == 200  # or nothing below would prove anything
    for name in good:
        assert ask({k: v for k, v in good.items() if k != name}, head) == 401, f"without {name}"
    wrong: list[dict[str, object]] = [
        {"exp": now - timedelta(minutes=5)},
        {"nbf": now + timedelta(hours=1)},
        {"iat": now + timedelta(hours=1)},
        {"aud": "somebody"},
        {"aud": [AUDIENCE, "somebody"]},
        {"iss": "https://example.com"},
        {"sid": str(uuid4())},
        {"sub": str(uuid4())},
        {"sub": "x"},
        {"ws": str(uuid4())},
    ]
    for change in wrong:
        assert ask(good | change, head) == 401, change
    heads: list[dict[str, object]] = [
        {"typ": "JWT"},
        {"kid": "x"},
        {"jwk": published},
        {"jku": "https://example.com/keys"},
        {"x5u": "https://example.com/cert"},
        {"crit": ["exp"]},
    ]
    for change in heads:
        assert ask(good, head | change) == 401, change
    assert ask(good, head, Ed25519PrivateKey.generate()) == 401
    public = key.public_key().public_bytes_raw()
    for algorithm, secret in (("none", None), ("HS256", public), ("HS256", b"x" * 32)):
        token = jwt.encode(good, secret, algorithm=algorithm, headers=head)
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, algorithm
    assert UUID(str(good["sub"])) == ann.user_id
