"""Lanes and senders' health over HTTP: what stands, why, and what a person may change."""

from collections.abc import Iterator

import httpx
import pytest
from litestar.testing import TestClient

from domain.delivery.events import EmailBounced, EmailSent
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.clock import new_id
from read_api.app import create_app
from tests.support.asking import asking
from tests.support.http_client import House, found_house
from tests.support.working import catch_up

pytestmark = pytest.mark.integration
LANE = "/v1/delivery/lanes/acme.example/google"


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app, permissions=("delivery:read", "delivery:manage"))


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with TestClient(create_app(app)) as client:
        client.headers.update(house.headers)
        yield client


def turn(client: httpx.Client, what: str, status: int = 202) -> httpx.Response:
    answer = client.post(f"{LANE}/{what}", json={"reason": "we know better"})
    assert answer.status_code == status, answer.text
    return answer


def test_a_person_blocks_and_opens_a_lane_and_both_are_told(client: httpx.Client) -> None:
    assert client.get("/v1/delivery/lanes").json() == {"items": []}
    lane_id = turn(client, "block").json()["id"]
    (lane,) = client.get("/v1/delivery/lanes").json()["items"]
    assert (lane["lane_id"], lane["state"], lane["until"]) == (lane_id, "blocked", None)
    assert (lane["cause"], lane["reason"]) == ("by_hand", "we know better")
    turn(client, "open")
    turn(client, "open", 409)
    (lane,) = client.get("/v1/delivery/lanes").json()["items"]
    assert (lane["state"], lane["warm_up"]["next_step_at"]) == ("open", None)
    assert client.post(f"{LANE}/block", json={"reason": ""}).status_code == 400
    wrong = client.post(f"{LANE[:-6]}gogle/block", json={"reason": "x"})
    assert wrong.status_code == 422


def test_a_warm_up_says_what_its_next_step_needs_and_health_shows_the_rates(
    client: httpx.Client, house: House, worker: Adapters
) -> None:
    turn(client, "warm-up/restart")
    kinds = [EmailSent] * 9 + [EmailBounced]
    for kind in kinds:
        more = {"code": 550, "status": "5.1.1"} if kind is EmailBounced else {}
        event = kind(
            message_id=new_id(), campaign_id=house.workspace_id, contact_id=new_id(), attempt=1,
            relay="r", sending_domain="acme.example", destination="google", **more,
        )  # fmt: skip
        worker.log.record([Fact(new_id(), event)], asking(house.workspace_id))
    catch_up(worker)
    (lane,) = client.get("/v1/delivery/lanes").json()["items"]
    assert lane["counted"] == {"sent": 9, "bounced": 1}
    warm_up = lane["warm_up"]
    assert (warm_up["state"], warm_up["allowed_per_hour"]) == ("running", 50)
    assert warm_up["next_step_at"]
    hours, bounced = warm_up["next_step_needs"]
    assert "4 hours in which at least 40 messages" in hours
    assert "1 of 10" in bounced
    (health,) = client.get("/v1/delivery/health?hours=2").json()["items"]
    assert (health["bounce_rate"], health["counted"]["sent"]) == (0.1, 9)
    turn(client, "warm-up/skip")
    (lane,) = client.get("/v1/delivery/lanes").json()["items"]
    assert (lane["warm_up"]["state"], lane["warm_up"]["allowed_per_hour"]) == ("skipped", None)
