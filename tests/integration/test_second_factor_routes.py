"""A second factor over HTTP by who signed in: added, asked for, proved, and done without."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pyotp
import pytest

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from tests.support.accounts import (
    PASSWORD,
    Signed,
    mailed,
    set_clock_back,
    sign_in,
    signed,
    signed_up,
    token_of,
)
from tests.support.http_client import serving

pytestmark = pytest.mark.integration

ADD = "/v1/me/second-factor"
OTHER = "quite another sentence than before"


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as client:
        yield client


class Ada:
    """A person with an account, and soon a device; the password is right wherever it is asked."""

    def __init__(self, client: httpx.Client, worker: Adapters) -> None:
        self.client, self.password, self.email = client, PASSWORD, f"{uuid4().hex[:8]}@example.com"
        self.session = signed_up(client, worker, self.email)
        self.device, self.now = pyotp.TOTP(pyotp.random_base32()), datetime.now(UTC)
        self.paper: list[str] = []

    def post(self, path: str, code: str = "") -> httpx.Response:
        body = {"code": code} if code else None
        return self.client.post(path, headers=self.session.headers, json=body)

    def code(self, steps: int) -> str:
        """Return a code of the device; 0 and 1 are good for half a minute and longer."""
        return self.device.generate_otp(self.device.timecode(self.now) + steps)

    @property
    def wrong(self) -> str:
        near = {self.code(steps) for steps in range(-2, 4)}
        return next(code for code in ("000000", "000001", *map(str, range(100_000, 100_009)))
                    if code not in near)  # fmt: skip

    def add_factor(self) -> None:
        self.device = pyotp.TOTP(self.post(ADD).json()["secret"])
        confirmed = self.post(f"{ADD}/confirm", self.code(0))
        assert confirmed.status_code == 202, confirmed.text
        self.paper = confirmed.json()["recovery_codes"]

    def challenge(self) -> str:
        asked = sign_in(self.client, self.email, self.password).json()
        assert asked["second_factor_required"]
        assert asked["access_token"] is asked["refresh_token"] is None
        challenge: str = asked["challenge"]
        return challenge

    def answer(self, challenge: str, code: str, **more: object) -> httpx.Response:
        body = {"challenge": challenge, "code": code, **more}
        return self.client.post("/v1/sessions/second-factor", json=body)

    def is_strong(self, session: Signed) -> bool:
        """Tell whether a session counts as one with the second factor."""
        listed = self.client.get("/v1/sessions", headers=session.headers).json()["items"]
        (current,) = (each["second_factor"] for each in listed if each["current"])
        return bool(current)


@pytest.fixture
def ada(client: httpx.Client, worker: Adapters) -> Ada:
    mailed(worker)
    return Ada(client, worker)


def why(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_second_factor_is_added_used_and_removed(ada: Ada) -> None:
    shown = ada.post(ADD)
    assert shown.status_code == 202, shown.text
    assert f"secret={shown.json()['secret']}" in shown.json()["uri"]
    ada.device = pyotp.TOTP(shown.json()["secret"])
    assert why(ada.post(f"{ADD}/confirm", ada.wrong)) == (401, "wrong_code")
    assert ada.post(f"{ADD}/confirm", "abcdef").status_code == 400
    assert sign_in(ada.client, ada.email).json()["access_token"], "what is not confirmed is nothing"
    confirmed = ada.post(f"{ADD}/confirm", ada.code(0))
    assert confirmed.status_code == 202, confirmed.text
    paper = confirmed.json()["recovery_codes"]
    assert len(set(paper)) == 10
    assert ada.post(ADD).json()["code"] == "illegal_transition"
    renewed = ada.post(f"{ADD}/recovery-codes", ada.code(1)).json()["recovery_codes"]
    assert ada.post(f"{ADD}/remove", ada.code(1)).json()["code"] == "wrong_code", "used just now"
    assert ada.post(f"{ADD}/remove", paper[0]).json()["code"] == "wrong_code", "renewed meanwhile"
    assert ada.post(f"{ADD}/remove", renewed[0]).status_code == 202
    signed(sign_in(ada.client, ada.email))
    assert ada.post(ADD).status_code == 202


def test_the_factor_is_changed_after_a_sign_in_and_guessed_at_ten_times(
    app: Adapters, ada: Ada
) -> None:
    set_clock_back(app, ada.session.session_id, "began_at", "301 seconds")
    assert why(ada.post(ADD)) == (403, "sign_in_again")
    answers = [ada.post(f"{ADD}/remove", "guessed-code").json()["code"] for _ in range(11)]
    assert answers == ["wrong_code"] * 10 + ["too_many_codes"]


def test_a_sign_in_asks_for_the_factor_and_each_proof_is_good_once(
    client: httpx.Client, ada: Ada
) -> None:
    before = signed(sign_in(client, ada.email))
    assert not ada.is_strong(ada.session)
    ada.add_factor()
    assert ada.is_strong(ada.session), "who has just shown a code has shown it"
    assert client.get("/v1/me", headers=before.headers).status_code == 401, "began without it"
    challenge = ada.challenge()
    assert why(ada.answer(challenge, ada.wrong)) == (401, "wrong_code")
    assert why(ada.answer("made up", ada.code(1))) == (401, "token_refused")
    assert ada.is_strong(signed(ada.answer(challenge, ada.code(1))))
    assert why(ada.answer(challenge, ada.paper[0])) == (401, "token_refused")
    challenge = ada.challenge()
    assert why(ada.answer(challenge, ada.code(1))) == (401, "wrong_code")
    foreign = ada.answer(challenge, ada.paper[0], workspace_id=str(uuid4()))
    assert why(foreign) == (404, "not_found"), "and the code on paper is still good"
    kept = ada.answer(challenge, ada.paper[0], cookie=True)
    assert kept.json()["refresh_token"] is None
    assert "__Host-refresh=" in kept.headers["set-cookie"]
    client.cookies.clear()
    challenge = ada.challenge()
    assert why(ada.answer(challenge, ada.paper[0])) == (401, "wrong_code")
    signed(ada.answer(challenge, ada.paper[1]))


def test_neither_a_reset_nor_an_old_challenge_gets_around_the_factor(
    client: httpx.Client, app: Adapters, worker: Adapters, ada: Ada
) -> None:
    ada.add_factor()
    old = ada.challenge()
    client.post("/v1/password-resets", json={"email": ada.email})
    ((_, _, link),) = mailed(worker)
    body = {"token": token_of(link), "password": OTHER}
    crossed = ada.answer(token_of(link), ada.code(1))
    assert why(crossed) == (401, "token_refused"), "a mailed token is for its own purpose"
    assert client.post("/v1/password-resets/redemption", json=body).status_code == 200
    assert why(ada.answer(old, ada.code(1))) == (401, "token_refused"), "of the old password"
    ada.password = OTHER
    late = ada.challenge()
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute("UPDATE account_tokens SET expires_at = expires_at - interval '300 s'")
    assert why(ada.answer(late, ada.code(1))) == (401, "token_refused"), "five minutes are over"
    signed(ada.answer(ada.challenge(), ada.code(1)))


def test_who_leaves_takes_the_factor_along(client: httpx.Client, app: Adapters, ada: Ada) -> None:
    ada.add_factor()
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute(
            "INSERT INTO linked_identities (workspace_id, identity_key, user_id)"
            " VALUES (%s, 'x', %s)",
            (PLATFORM, ada.session.user_id),
        )
    left = client.request(
        "DELETE", "/v1/me", json={"password": PASSWORD}, headers=ada.session.headers
    )
    assert left.status_code == 200, left.text
    with tenant_scope(app.pool, PLATFORM) as cursor:
        rows = cursor.execute(
            "SELECT user_id FROM second_factors UNION ALL SELECT user_id FROM linked_identities"
        ).fetchall()
    assert rows == []
