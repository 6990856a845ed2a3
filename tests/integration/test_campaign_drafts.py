"""A draft over the API: changed, counted, put on the calendar and taken off again."""

from collections.abc import Iterator

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

LATER = {"send_at": "2031-01-01T00:00:00Z"}


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


@pytest.fixture
def place(client: httpx.Client, worker: Adapters) -> str:
    content = {"name": "T", "subject": "Hello", "html": "<p>Hi</p>"}
    template = client.post("/v1/templates", json=content).json()["id"]
    draft = {"name": "May", "template_id": template}
    place = "/v1/campaigns/" + client.post("/v1/campaigns", json=draft).json()["id"]
    catch_up(worker)
    return place


def change(client: httpx.Client, place: str, etag: str, **changes: str) -> httpx.Response:
    return client.patch(place, json=changes, headers={"If-Match": etag})


def test_a_draft_is_changed_and_nobody_overwrites_it(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    etag = client.get(place).headers["etag"]
    saved = change(client, place, etag, subject="For you", reply_to="ann@example.com")
    assert (saved.status_code, saved.json()["version"]) == (202, 2), saved.text
    late = change(client, place, etag, name="Lost")
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    assert client.patch(place, json={}).json()["code"] == "version_required"
    catch_up(worker)
    shown = client.get(place)
    assert shown.headers["etag"] == '"2"'
    body = shown.json()
    told = [body[name] for name in ("name", "subject", "reply_to", "sender_address")]
    assert told == ["May", "For you", "ann@example.com", ""]
    for asked, found in (("status=draft&q=MA", 1), ("status=running", 0), ("q=june", 0)):
        listed = client.get(f"/v1/campaigns?{asked}").json()["items"]
        assert len(listed) == found, asked


def test_a_scheduled_campaign_comes_off_the_calendar_and_on_again(
    client: httpx.Client, house: House, app: Adapters, place: str, worker: Adapters
) -> None:
    for _ in range(2):
        assert client.post(f"{place}/schedule", json=LATER).status_code == 202
        assert change(client, place, "*", name="x").json()["code"] == "illegal_transition"
        assert client.post(f"{place}/unschedule").status_code == 202
    assert client.post(f"{place}/unschedule").status_code == 202, "it is a draft"
    catch_up(worker)
    shown = client.get(place).json()
    assert (shown["status"], shown["send_at"], shown["scheduled_at"]) == ("draft", None, None)
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        assert cursor.execute("SELECT FROM campaign_runs").fetchall() == []
    client.post(f"{place}/cancel")
    refused = client.post(f"{place}/unschedule")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


def test_the_estimate_is_who_would_get_it_and_why_others_would_not(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    people = "".join(f"p{n}@example.com\n" for n in range(6))
    client.post(
        "/v1/contacts/imports",
        content=f"email\n{people}",
        headers={"Content-Type": "text/csv"},
    )
    run_imports(worker)
    catch_up(worker)
    ids = [one["contact_id"] for one in client.get("/v1/contacts").json()["items"]]
    client.post(f"/v1/contacts/{ids[0]}/unsubscribe")
    client.post("/v1/suppressions", json={"email": "listed@example.com"})
    for address in ("p1@example.com", "p2@example.com"):
        client.post("/v1/suppressions", json={"email": address})
    client.delete(f"/v1/contacts/{ids[0]}")
    estimate = client.post(f"{place}/audience/estimate").json()
    excluded = {one["reason"]: one["contacts"] for one in estimate["excluded"]}
    assert excluded["manual"] == 2
    assert excluded["unsubscribed"] == 1
    assert sum(excluded.values()) == 3
    assert (estimate["contacts"], estimate["will_receive"]) == (6, 3)
