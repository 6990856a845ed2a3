"""The API as a program uses it: the whole application on a real Postgres."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from infra.bootstrap import Adapters
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.e2e

CSV = (
    "E-Mail,First name,Company\r\n"
    "ann@example.com,Ann,Acme\r\n"
    "bob@example.com,Bob,Brick\r\n"
    "broken,X,=cmd()\r\n"
)
CSV_TYPE = {"Content-Type": "text/csv"}
TEMPLATE = {
    "name": "Spring",
    "subject": "Hello {{ first_name }}",
    "html": '<p>Hi <a href="https://example.com/a">there</a></p><script>x()</script>',
    "defaults": {"first_name": "friend"},
}


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


@pytest.fixture
def campaign(client: httpx.Client, worker: Adapters) -> str:
    """A drafted campaign in a workspace with two contacts."""
    upload(client)
    run_imports(worker)
    template = client.post("/v1/templates", json=TEMPLATE).json()["id"]
    answer = client.post("/v1/campaigns", json={"name": "May", "template_id": template})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def upload(client: httpx.Client, **headers: str) -> httpx.Response:
    answer = client.post("/v1/contacts/imports", content=CSV, headers=CSV_TYPE | headers)
    assert answer.status_code == 202, answer.text
    return answer


def test_an_upload_becomes_contacts_and_a_file_of_rejected_rows(
    client: httpx.Client, worker: Adapters
) -> None:
    import_id = upload(client).json()["id"]
    run_imports(worker)
    catch_up(worker)
    told = client.get(f"/v1/contacts/imports/{import_id}").json()
    assert (told["status"], told["rows"], told["valid"], told["invalid"]) == ("completed", 3, 2, 1)
    assert [item["import_id"] for item in client.get("/v1/contacts/imports").json()["items"]] == [
        import_id
    ]
    people = client.get("/v1/contacts").json()["items"]
    assert sorted(person["email"] for person in people) == ["ann@example.com", "bob@example.com"]
    rejected = client.get(f"/v1/contacts/imports/{import_id}/rejected.csv")
    assert rejected.headers["content-type"] == "text/csv; charset=utf-8"
    assert "broken,X,'=cmd()" in rejected.text


def test_an_upload_may_be_a_form_with_a_mapping(client: httpx.Client, worker: Adapters) -> None:
    answer = client.post(
        "/v1/contacts/imports",
        files={"file": ("people.csv", "Wohin,Wer\nann@example.com,Ann\n", "text/csv")},
        data={"mapping": json.dumps({"email": "Wohin", "first_name": "Wer"})},
    )
    assert answer.status_code == 202, answer.text
    run_imports(worker)
    catch_up(worker)
    (person,) = client.get("/v1/contacts").json()["items"]
    assert (person["email"], person["first_name"]) == ("ann@example.com", "Ann")


def test_contacts_are_found_by_address_and_by_status(
    client: httpx.Client, worker: Adapters
) -> None:
    upload(client)
    run_imports(worker)
    catch_up(worker)
    (ann,) = client.get("/v1/contacts", params={"email": "ann@"}).json()["items"]
    answer = client.post(f"/v1/contacts/{ann['contact_id']}/unsubscribe")
    assert answer.status_code == 202
    catch_up(worker)
    after = {"after": answer.json()["position"]}
    (gone,) = client.get("/v1/contacts", params={"status": "unsubscribed"} | after).json()["items"]
    assert gone["email"] == "ann@example.com"
    assert client.get(f"/v1/contacts/{ann['contact_id']}").json()["messages"] == []
    (listed,) = client.get("/v1/suppressions", params=after).json()["items"]
    assert (listed["contact_id"], listed["reason"]) == (ann["contact_id"], "unsubscribed")
    again = client.post(f"/v1/contacts/{ann['contact_id']}/unsubscribe")
    assert again.json()["position"] == answer.json()["position"]


def test_a_template_is_cleaned_and_says_so(client: httpx.Client, worker: Adapters) -> None:
    answer = client.post("/v1/templates", json=TEMPLATE)
    assert answer.status_code == 202, answer.text
    assert any("script" in warning for warning in answer.json()["warnings"])
    catch_up(worker)
    kept = client.get(f"/v1/templates/{answer.json()['id']}").json()
    assert "<script" not in kept["html"]
    assert kept["text"].startswith("Hi there")
    assert client.get("/v1/templates").json()["items"][0]["name"] == "Spring"


def test_a_campaign_goes_from_draft_to_cancelled(
    client: httpx.Client, campaign: str, worker: Adapters
) -> None:
    place = f"/v1/campaigns/{campaign}"
    statuses = []
    for verb in ("launch", "pause", "resume", "cancel"):
        answer = client.post(f"{place}/{verb}")
        assert answer.status_code == 202, answer.text
        catch_up(worker)
        statuses.append(
            client.get(place, params={"after": answer.json()["position"]}).json()["status"]
        )
    assert statuses == ["running", "paused", "running", "cancelled"]
    assert client.get(f"{place}/stats").json()["sent"] == 0
    assert client.get(f"{place}/messages").json() == {"items": [], "next": None}
    assert client.get("/v1/campaigns").json()["items"][0]["campaign_id"] == campaign
    tags = {line["tag"] for line in client.get("/v1/audit").json()["items"]}
    assert {"campaigns.campaign_launched.v1", "content.template_added.v1"} <= tags
    assert client.get("/v1/dead-letters").json()["items"] == []


def test_a_campaign_can_be_put_on_the_calendar(
    client: httpx.Client, campaign: str, worker: Adapters
) -> None:
    send_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = client.post(f"/v1/campaigns/{campaign}/schedule", json={"send_at": send_at})
    assert answer.status_code == 202, answer.text
    catch_up(worker)
    assert client.get(f"/v1/campaigns/{campaign}").json()["status"] == "scheduled"
    early = client.post(f"/v1/campaigns/{campaign}/launch")
    assert (early.status_code, early.json()["code"]) == (422, "invalid_input")


def test_a_second_launch_is_refused(client: httpx.Client, campaign: str) -> None:
    assert client.post(f"/v1/campaigns/{campaign}/launch").status_code == 202
    again = client.post(f"/v1/campaigns/{campaign}/launch")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert "launched once" in again.json()["detail"]


def test_an_empty_audience_is_refused(client: httpx.Client) -> None:
    template = client.post("/v1/templates", json=TEMPLATE).json()["id"]
    draft = client.post("/v1/campaigns", json={"name": "May", "template_id": template}).json()
    answer = client.post(f"/v1/campaigns/{draft['id']}/launch")
    assert answer.status_code == 422
    assert "import contacts first" in answer.json()["detail"]


def test_an_unknown_merge_tag_is_named_at_launch(client: httpx.Client, worker: Adapters) -> None:
    upload(client)
    run_imports(worker)
    html = "<p>Hi</p>\n<p>{{ fisrt_name }}</p>"
    answer = client.post("/v1/templates", json=TEMPLATE | {"html": html}).json()
    draft = client.post("/v1/campaigns", json={"name": "May", "template_id": answer["id"]}).json()
    refused = client.post(f"/v1/campaigns/{draft['id']}/launch")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_merge_tag")
    assert "fisrt_name" in refused.json()["detail"]


def test_the_same_key_is_the_same_command(client: httpx.Client, worker: Adapters) -> None:
    key = {"Idempotency-Key": "order 66"}
    first = client.post("/v1/templates", json=TEMPLATE, headers=key).json()
    assert client.post("/v1/templates", json=TEMPLATE, headers=key).json() == first
    other = client.post("/v1/templates", json=TEMPLATE | {"name": "Other"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    catch_up(worker)
    assert len(client.get("/v1/templates").json()["items"]) == 1


def test_the_same_key_uploads_once(client: httpx.Client, worker: Adapters) -> None:
    first = upload(client, **{"Idempotency-Key": "k"}).json()
    assert upload(client, **{"Idempotency-Key": "k"}).json() == first
    run_imports(worker)
    assert upload(client, **{"Idempotency-Key": "k"}).json() == first
    assert len(client.get("/v1/contacts/imports").json()["items"]) == 1
    other = client.post(
        "/v1/contacts/imports",
        content=CSV + "x@example.com\r\n",
        headers=CSV_TYPE | {"Idempotency-Key": "k"},
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_key_belongs_to_its_workspace(app: Adapters, client: httpx.Client) -> None:
    key = {"Idempotency-Key": "k"}
    mine = client.post("/v1/templates", json=TEMPLATE, headers=key).json()
    neighbour = found_house(app)
    other = TEMPLATE | {"name": "Other"}
    theirs = client.post("/v1/templates", json=other, headers=key | neighbour.headers)
    assert theirs.status_code == 202
    assert theirs.json()["id"] != mine["id"]


def test_a_read_waits_for_the_position_and_says_when_it_cannot(
    client: httpx.Client, worker: Adapters
) -> None:
    position = client.post("/v1/templates", json=TEMPLATE).json()["position"]
    behind = client.get("/v1/templates", params={"after": position})
    assert (behind.status_code, behind.json()["code"]) == (409, "not_caught_up")
    assert behind.headers["retry-after"] == "1"
    catch_up(worker)
    assert client.get("/v1/templates", params={"after": position}).status_code == 200
    # Imports are read where they are written: there is nothing to wait for.
    assert client.get("/v1/contacts/imports", params={"after": position}).status_code == 200


def test_pages_join_to_the_whole_list(client: httpx.Client, worker: Adapters) -> None:
    for number in range(5):
        client.post("/v1/templates", json=TEMPLATE | {"name": f"T{number}"})
    catch_up(worker)
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/templates", params=params).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["T4", "T3", "T2", "T1", "T0"]
    assert cursor is None


def test_a_cursor_is_good_for_one_list_one_filter_and_one_workspace(
    app: Adapters, client: httpx.Client, worker: Adapters
) -> None:
    upload(client)
    run_imports(worker)
    catch_up(worker)
    cursor = client.get("/v1/contacts", params={"limit": 1}).json()["next"]
    assert client.get("/v1/contacts", params={"cursor": cursor}).status_code == 200
    forged = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    neighbour = found_house(app)
    for wrong in (
        client.get("/v1/contacts", params={"cursor": cursor, "status": "subscribed"}),
        client.get("/v1/templates", params={"cursor": cursor}),
        client.get("/v1/contacts", params={"cursor": forged}),
        client.get("/v1/contacts", params={"cursor": "not a cursor"}),
        client.get("/v1/contacts", params={"cursor": cursor}, headers=neighbour.headers),
    ):
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_cursor"), wrong.url


def test_the_workspace_is_that_of_the_token(
    app: Adapters, client: httpx.Client, house: House, worker: Adapters
) -> None:
    other = found_house(app, "Other")
    catch_up(worker)
    assert client.get("/v1/workspace").json()["workspace_id"] == str(house.workspace_id)
    assert client.get("/v1/workspace", headers=other.headers).json()["name"] == "Other"


def test_an_unknown_template_cannot_be_sent(client: httpx.Client) -> None:
    answer = client.post("/v1/campaigns", json={"name": "May", "template_id": str(uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_health_tells_parts_and_nothing_else(client: httpx.Client) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {"postgres": "ok", "migrations": "ok", "vault": "ok", "nats": "degraded"},
    }
    assert client.get("/startupz").status_code == 200
