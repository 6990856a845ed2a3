"""Kill switches by the API: a workspace's own, an operator's, and what each may not undo."""

from collections.abc import Iterator

import httpx
import pytest

from commands.platform.grant_operator import GrantOperator, grant_operator
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.operators import PostgresOperators
from tests.integration.test_operators import set_session
from tests.support.accounts import Signed, signed_up
from tests.support.asking import asking
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up

pytestmark = pytest.mark.integration
OURS, ALL = "/v1/kill-switches", "/v1/operator/kill-switches"


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        yield opened


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def operator(client: httpx.Client, app: Adapters, worker: Adapters) -> Signed:
    person = signed_up(client, worker, "op@example.com")
    command = GrantOperator(user_id=person.user_id)
    grant_operator(command, asking(PLATFORM), worker.log, PostgresOperators())
    set_session(app, person, "second_factor = true")
    return person


def on(client: httpx.Client, path: str, headers: dict[str, str]) -> list[tuple[str, str]]:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return [(one["scope"], one["reason"]) for one in answer.json()["items"]]


def ask(client: httpx.Client, path: str, headers: dict[str, str], **body: str) -> tuple[int, str]:
    answer = client.post(path, headers=headers, json={"reason": "a wrong price"} | body)
    return answer.status_code, answer.json().get("code", "")


def test_a_workspace_stops_its_own_mail_and_nobody_elses(
    client: httpx.Client, app: Adapters, worker: Adapters, house: House
) -> None:
    neighbour = found_house(app, "Neighbour")
    DispatcherLeases(worker.pool).sign_on(new_id())
    assert ask(client, f"{OURS}/stop", house.headers, scope="domain", key="A.Example")[0] == 202
    (shown,) = client.get(OURS, headers=house.headers).json()["items"]
    assert (shown["key"], shown["dispatchers"], shown["confirmed"]) == ("a.example", 1, 0)
    assert shown["confirmed_at"] is None
    assert on(client, OURS, neighbour.headers) == []
    assert ask(client, f"{OURS}/stop", house.headers, scope="global") == (403, "forbidden")
    absent = {"scope": "campaign", "key": str(new_id())}
    assert ask(client, f"{OURS}/stop", house.headers, **absent) == (404, "not_found")
    catch_up(worker)
    lines = client.get("/v1/audit", headers=house.headers).json()["items"]
    assert "sending_stopped" in str(lines)
    resumed = ask(client, f"{OURS}/resume", house.headers, scope="domain", key="a.example")
    assert resumed[0] == 202
    assert on(client, OURS, house.headers) == []


def test_what_an_operator_stopped_the_workspace_cannot_let_go_on(
    client: httpx.Client, house: House, operator: Signed
) -> None:
    where = {"scope": "workspace", "workspace_id": str(house.workspace_id)}
    assert ask(client, f"{ALL}/stop", house.headers, **where) == (403, "forbidden")
    assert ask(client, f"{ALL}/stop", operator.headers, **where)[0] == 202
    mine = ask(client, f"{OURS}/resume", house.headers, scope="workspace")
    assert mine == (409, "stopped_by_operator")
    assert on(client, OURS, house.headers) == [("workspace", "a wrong price")]
    assert on(client, ALL, operator.headers) == [("workspace", "a wrong price")]
    assert ask(client, f"{ALL}/resume", operator.headers, **where)[0] == 202
    assert on(client, OURS, house.headers) == []


def test_the_global_switch_is_an_operators_and_everybody_sees_it(
    client: httpx.Client, house: House, operator: Signed
) -> None:
    headers = operator.headers
    assert ask(client, f"{ALL}/stop", headers, scope="workspace") == (422, "invalid_input")
    inside = {"scope": "workspace", "workspace_id": str(PLATFORM)}
    assert ask(client, f"{ALL}/stop", headers, **inside) == (422, "invalid_input")
    assert ask(client, f"{ALL}/stop", headers, scope="global")[0] == 202
    assert on(client, OURS, house.headers) == [("global", "a wrong price")]
    assert ask(client, f"{ALL}/resume", headers, scope="global")[0] == 202
    assert on(client, ALL, headers) == []
