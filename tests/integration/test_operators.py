"""Operators by the API: a second factor, an hour, a reason, and nothing that can be written."""

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from commands.platform.grant_operator import GrantOperator, grant_operator
from commands.platform.revoke_operator import RevokeOperator, revoke_operator
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.operators import PostgresOperators
from infra.postgres.tenant_scope import tenant_scope
from tests.architecture.test_route_roles import rows
from tests.support.accounts import Signed, signed_up
from tests.support.asking import asking
from tests.support.http_client import House, found_house, serving
from tests.support.looking import LOOKS
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

LIST = "/v1/operator/workspaces"


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        yield opened


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def operator(client: httpx.Client, app: Adapters, worker: Adapters) -> Signed:
    """An operator who signed in with a second factor."""
    person = signed_up(client, worker, "op@example.com")
    command = GrantOperator(user_id=person.user_id)
    grant_operator(command, asking(PLATFORM), worker.log, PostgresOperators())
    set_session(app, person, "second_factor = true")
    return person


def set_session(app: Adapters, person: Signed, change: str) -> None:
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute(
            f"UPDATE sessions SET {change} WHERE session_id = %s",  # type: ignore[arg-type] # the test's own
            (person.session_id,),
        )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def look(client: httpx.Client, operator: Signed, house: House) -> tuple[str, dict[str, str]]:
    """Begin a viewing; return its path and the headers to look with."""
    path = f"{LIST}/{house.workspace_id}/viewings"
    body = {"reason": "ticket 7", "minutes": 30}
    answer = client.post(path, json=body, headers=operator.headers)
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    return f"{path}/{shown['id']}", {"Authorization": f"Bearer {shown['token']}"}


def test_an_operator_needs_a_second_factor_and_a_fresh_session(
    client: httpx.Client, app: Adapters, operator: Signed, house: House
) -> None:
    listed = client.get(LIST, headers=operator.headers).json()["items"]
    assert str(house.workspace_id) in {one["workspace_id"] for one in listed}
    assert not any("@" in str(one) for one in listed)
    assert code(client.get(LIST, headers=house.headers)) == (403, "forbidden")
    set_session(app, operator, "began_at = began_at - interval '61 minutes'")
    assert code(client.get(LIST, headers=operator.headers)) == (403, "sign_in_again")
    set_session(app, operator, "began_at = now(), second_factor = false")
    assert code(client.get(LIST, headers=operator.headers)) == (403, "forbidden")


def test_the_workspace_sees_who_looked_at_what_and_why(
    client: httpx.Client, worker: Adapters, operator: Signed, house: House
) -> None:
    path, looking = look(client, operator, house)
    catch_up(worker)
    seen = client.get("/v1/workspace", headers=looking)
    assert seen.json()["workspace_id"] == str(house.workspace_id)
    catch_up(worker)
    (told,) = client.get("/v1/workspace/viewings", headers=house.headers).json()["items"]
    assert (told["operator_id"], told["reason"], told["ended_at"]) == (
        str(operator.user_id),
        "ticket 7",
        None,
    )
    params = {"actor": f"operator:{operator.user_id}"}
    lines = client.get("/v1/audit", params=params, headers=house.headers).json()["items"]
    assert {(line["command"], line["tag"].split(".")[1]) for line in lines} == {
        ("post_viewing", "workspace_viewing_began"),
        ("get_workspace", "workspace_viewed"),
    }
    assert client.delete(path, headers=operator.headers).status_code == 202
    assert code(client.get("/v1/workspace", headers=looking)) == (401, "unauthorized")


def test_a_viewing_writes_nothing_whatever_the_route(
    client: httpx.Client, operator: Signed, house: House
) -> None:
    _, looking = look(client, operator, house)
    asked = 0
    for method, path, wanted, who in rows():
        if who == ["anybody"]:
            continue
        url = re.sub(r"{\w+:uuid}", lambda _: str(uuid4()), path)
        answer = client.request(method, re.sub(r"{\w+:\w+}", "1", url), headers=looking)
        assert (answer.status_code == 403) != ("viewing" in who), (method, path, answer.text)
        looks = method in {"GET", "HEAD"} or path.endswith(LOOKS)
        assert "viewing" not in who or looks, (method, path, wanted)
        asked += 1
    assert asked > 80


def test_a_viewing_is_over_with_its_time_and_with_its_operator(
    client: httpx.Client, app: Adapters, worker: Adapters, operator: Signed, house: House
) -> None:
    _, looking = look(client, operator, house)
    _, other = look(client, operator, house)
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        cursor.execute(
            "UPDATE viewings SET expires_at = now() WHERE viewing_id ="
            " (SELECT min(viewing_id::text)::uuid FROM viewings)"
        )
    assert client.get("/v1/onboarding", headers=looking).status_code == 401
    assert client.get("/v1/trash", headers=other).status_code == 200
    command = RevokeOperator(user_id=operator.user_id)
    revoke_operator(command, asking(PLATFORM), worker.log, PostgresOperators())
    assert code(client.get("/v1/trash", headers=other)) == (401, "unauthorized")
    assert code(client.get(LIST, headers=operator.headers)) == (403, "forbidden")
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        assert cursor.execute("SELECT count(*) FROM operators").fetchone() == (0,)


def test_a_workspace_that_is_not_there_is_not_viewed(
    client: httpx.Client, operator: Signed
) -> None:
    body = {"reason": "why", "minutes": 5}
    answer = client.post(f"{LIST}/{uuid4()}/viewings", json=body, headers=operator.headers)
    assert code(answer) == (404, "not_found")
