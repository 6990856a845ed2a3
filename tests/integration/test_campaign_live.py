"""How a campaign goes at this moment, asked of the API while it goes."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from infra.bootstrap import Adapters
from read_api.app import create_app
from tests.support.counting_sink import counting_sink
from tests.support.http_client import issued_token
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


@pytest.fixture
def client(app: Adapters, mailing: Mailing) -> Iterator[httpx.Client]:
    token = issued_token(app, mailing.workspace, "delivery:read")
    with TestClient(create_app(app)) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def pulse(client: httpx.Client, mailing: Mailing, campaign: UUID) -> dict[str, Any]:
    mailing.project()
    answer = client.get(f"/v1/campaigns/{campaign}/pulse")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_pulse_says_how_far_it_is_how_fast_and_why(
    mailing: Mailing, client: httpx.Client
) -> None:
    (gone, *_) = mailing.add_contacts([f"p{n}@example.com" for n in range(30)])
    mailing.project()
    mailing.unsubscribe(gone)
    campaign = mailing.started()
    began = pulse(client, mailing, campaign)
    assert (began["code"], began["rate_per_s"]) == ("waiting", 0)
    assert (
        began["progress"] | {"audience": 30, "queued": 29, "waiting": 29, "skipped": 1}
        == (began["progress"])
    )
    assert began["progress"]["skipped_for"] == {"unsubscribed": 1}
    mailing.pause(campaign)
    paused = pulse(client, mailing, campaign)
    assert paused["code"] == "campaign_paused"
    assert paused["text"].startswith("paused by ")
    mailing.resume(campaign)
    mailing.ask(
        "INSERT INTO lanes (workspace_id, sending_domain, destination, state, reason)"
        " VALUES (current_workspace(), 'acme.example', 'other', 'blocked', '5.7.1') RETURNING 1"
    )
    assert pulse(client, mailing, campaign)["text"] == (
        "waiting: the lane to other is blocked: 5.7.1; somebody has to open it"
    )
    mailing.ask("DELETE FROM lanes RETURNING 1")
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
    going = pulse(client, mailing, campaign)
    assert (going["progress"]["sent"], going["progress"]["waiting"]) == (29, 0)


def test_a_relay_that_is_away_is_named_with_since_when(
    mailing: Mailing, client: httpx.Client
) -> None:
    mailing.add_contacts(["p@example.com"])
    campaign = mailing.started()
    mailing.dispatch(1, until=lambda: mailing.counted()["EmailDeferred"] >= 1)
    away = pulse(client, mailing, campaign)
    assert away["code"] == "relay_unreachable"


def test_the_stream_of_a_campaign_that_has_ended_tells_its_end_and_is_over(
    mailing: Mailing, client: httpx.Client
) -> None:
    mailing.add_contacts(["p@example.com"])
    campaign = mailing.started()
    with counting_sink() as sink:
        mailing.dispatch(sink.port)
    mailing.schedule_all()
    mailing.project()
    answer = client.get(f"/v1/campaigns/{campaign}/live")  # returns: the stream ends by itself
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    (told,) = (msgspec.json.decode(line.removeprefix("data: ")) for line in lines)
    assert (told["status"], told["code"], told["progress"]["sent"]) == ("completed", "completed", 1)
    assert f"id: {told['position']}" in answer.text
    assert client.get(f"/v1/campaigns/{mailing.template}/live").status_code == 404
