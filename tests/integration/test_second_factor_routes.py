"""A person adds a second factor over HTTP, uses it, and does without it again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pyotp
import pytest

from infra.bootstrap import Adapters
from infra.clock import new_id
from read_api.edge.authentication import Authentication
from read_api.edge.request_marks import AnyConnection, Caller, Person
from tests.support.http_client import serving

pytestmark = pytest.mark.integration

ADD = "/v1/me/second-factor"


class Signed:
    """Lets in `person:<id>:<seconds since the sign-in>`: sessions have tests of their own."""

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:
        del connection
        user_id, seconds = credential.removeprefix("person:").split(":")
        person = Person(
            user_id=UUID(user_id),
            session_id=new_id(),
            authenticated_at=datetime.now(UTC) - timedelta(seconds=int(seconds)),
        )
        return Caller(
            workspace_id=None, actor=f"user:{user_id}", permissions=frozenset(), person=person
        )


@pytest.fixture
def client(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr("read_api.app.authentication", lambda _: Authentication([Signed()]))
    with serving(app) as client:
        yield client


def test_a_second_factor_is_added_used_and_removed(client: httpx.Client) -> None:
    user = new_id()
    headers = {"Authorization": f"Bearer person:{user}:10"}

    def post(path: str, code: str = "") -> httpx.Response:
        return client.post(path, headers=headers, json={"code": code} if code else None)

    shown = post(ADD)
    assert shown.status_code == 202, shown.text
    secret = shown.json()["secret"]
    assert f"secret={secret}" in shown.json()["uri"]
    totp, now = pyotp.TOTP(secret), datetime.now(UTC)

    def code(steps: int) -> str:
        return totp.generate_otp(totp.timecode(now) + steps)

    refused = post(f"{ADD}/confirm", "000000" if code(-1) != "000000" else "000001")
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_code")
    assert post(f"{ADD}/confirm", "abcdef").status_code == 400
    confirmed = post(f"{ADD}/confirm", code(-1))
    assert confirmed.status_code == 202, confirmed.text
    paper = confirmed.json()["recovery_codes"]
    assert len(set(paper)) == 10
    assert post(ADD).json()["code"] == "illegal_transition"
    renewed = post(f"{ADD}/recovery-codes", code(0)).json()["recovery_codes"]
    assert post(f"{ADD}/remove", code(0)).json()["code"] == "wrong_code", "used a moment ago"
    assert post(f"{ADD}/remove", paper[0]).json()["code"] == "wrong_code", "renewed meanwhile"
    assert post(f"{ADD}/remove", renewed[0]).status_code == 202
    assert post(ADD).status_code == 202


def test_the_factor_is_changed_after_a_sign_in_and_guessed_at_ten_times(
    client: httpx.Client,
) -> None:
    user = new_id()
    long_ago = {"Authorization": f"Bearer person:{user}:301"}
    refused = client.post(ADD, headers=long_ago)
    assert (refused.status_code, refused.json()["code"]) == (403, "sign_in_again")
    answers = [
        client.post(f"{ADD}/remove", headers=long_ago, json={"code": "guessed-code"}).json()["code"]
        for _ in range(11)
    ]
    assert answers == ["wrong_code"] * 10 + ["too_many_codes"]
