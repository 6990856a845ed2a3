"""Templates over the API: saved without losing work, shown as a person would get them."""

from collections.abc import Iterator

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.postgres import template_previews
from infra.postgres.tenant_scope import tenant_scope
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

MAY = {"name": "May news", "subject": "Hi {{ first_name }}", "html": "<p>Hi {{ first_name }}</p>"}


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app, permissions=("keys:manage",))


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


@pytest.fixture
def place(client: httpx.Client, worker: Adapters) -> str:
    place = "/v1/templates/" + client.post("/v1/templates", json=MAY).json()["id"]
    catch_up(worker)
    return place


def save(client: httpx.Client, place: str, etag: str | None, **changes: object) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return client.put(place, json=MAY | changes, headers=headers)


def test_two_editors_do_not_overwrite_each_other(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    etag = client.get(place).headers["etag"]
    saved = save(client, place, etag, preheader="Look", text="own")
    assert (saved.status_code, saved.json()["version"]) == (202, 2), saved.text
    late = save(client, place, etag, subject="Lost")
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    assert "read it again" in late.json()["detail"]
    blind = save(client, place, None)
    assert (blind.status_code, blind.json()["code"]) == (428, "version_required")
    catch_up(worker)
    shown = client.get(place)
    assert shown.headers["etag"] == '"2"'
    body = shown.json()
    assert [body[name] for name in ("preheader", "text", "own_text")] == ["Look", "own", True]
    assert body["updated_at"] > body["added_at"]
    assert save(client, place, shown.headers["etag"], text="").json()["version"] == 3


def test_every_version_can_be_read_and_taken_again(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    save(client, place, '"1"', subject="Second", html="<p>second</p>")
    assert client.post(f"{place}/versions/1/restore").json()["version"] == 3
    catch_up(worker)
    page = client.get(f"{place}/versions", params={"limit": 2}).json()
    told = [(one["version"], one["subject"], one["restored_from"]) for one in page["items"]]
    assert told == [(3, MAY["subject"], 1), (2, "Second", None)]
    assert all(one["saved_by"].startswith("token:") for one in page["items"])
    rest = client.get(f"{place}/versions", params={"limit": 2, "cursor": page["next"]}).json()
    assert [one["version"] for one in rest["items"]] == [1]
    second = client.get(f"{place}/versions/2").json()
    assert "<p>second</p>" in second["html"]
    assert client.get(f"{place}/versions/4").status_code == 404
    assert client.post(f"{place}/versions/4/restore").status_code == 404
    assert client.get(place).json()["subject"] == MAY["subject"]


def test_the_list_finds_by_words_and_tells_use(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    client.post("/v1/templates", json=MAY | {"name": "50% off", "subject": "Sale"})
    copy = client.post(f"{place}/duplicate", json={}).json()["id"]
    template_id = place.rpartition("/")[2]
    client.post("/v1/campaigns", json={"name": "C", "template_id": template_id})
    catch_up(worker)
    found = {
        q: [one["name"] for one in client.get("/v1/templates", params={"q": q}).json()["items"]]
        for q in ("MAY", "sale", "0%", "nothing", "%")
    }
    both = ["Copy of May news", "May news"]
    off = ["50% off"]
    assert found == {"MAY": both, "sale": off, "0%": off, "nothing": [], "%": off}
    used = {
        one["template_id"]: one["used_in"] for one in client.get("/v1/templates").json()["items"]
    }
    assert (used[template_id], used[copy]) == (1, 0)
    client.delete(place)
    assert client.post(f"{place}/duplicate", json={}).status_code == 409


def test_a_preview_is_one_persons_mail_behind_a_link_that_runs_nothing(
    client: httpx.Client, house: House, app: Adapters, place: str, worker: Adapters
) -> None:
    client.post(
        "/v1/contacts/imports",
        content=b"email,first_name\nann@example.com,Ann\n",
        headers={"Content-Type": "text/csv"},
    )
    run_imports(worker)
    catch_up(worker)
    (ann,) = client.get("/v1/contacts").json()["items"]
    asked = {"contact_id": ann["contact_id"]}
    preview = client.post(f"{place}/preview", json=asked).json()
    assert preview["subject"] == "Hi Ann"
    looked = httpx.Headers({"authorization": ""})
    page = client.get(preview["url"], headers=looked)
    assert page.status_code == 200
    assert "Hi Ann" in page.text
    policy = page.headers["content-security-policy"]
    assert "sandbox;" in policy
    assert "script-src" not in policy
    assert "default-src 'none'; img-src data:;" in policy
    assert "frame-ancestors 'self'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    with_pictures = client.get(preview["url"] + "?images=true").headers["content-security-policy"]
    assert "img-src data: https:;" in with_pictures
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        (stored,) = cursor.execute("SELECT sealed FROM template_previews").fetchall()
    assert b"Ann" not in stored[0]
    key = {"name": "blind", "scopes": ["templates:read"]}
    secret = client.post("/v1/api-keys", json=key).json()["secret"]
    blind = {"Authorization": f"Bearer {secret}"}
    refused = client.post(f"{place}/preview", json=asked, headers=blind)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert client.post(f"{place}/preview", json={}, headers=blind).json()["subject"] == "Hi Alex"


def test_what_is_in_the_editor_is_shown_cleaned_and_not_saved(
    client: httpx.Client, place: str, worker: Adapters
) -> None:
    written = MAY | {"html": "<p>draft</p><script>x</script>", "preheader": "Look"}
    preview = client.post("/v1/templates/preview", json={"template": written}).json()
    assert preview["warnings"] == ["line 1: removed <script> with its content"]
    page = client.get(preview["url"]).text
    assert "Look</div>\n<p>draft</p>" in page
    assert "<script" not in page
    catch_up(worker)
    assert client.get(place).json()["version"] == 1
    assert len(client.get("/v1/templates").json()["items"]) == 1


def previews(worker: Adapters, house: House) -> int:
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        return len(cursor.execute("SELECT FROM template_previews").fetchall())


def test_a_link_is_good_for_minutes_and_for_nothing_else(
    client: httpx.Client,
    house: House,
    worker: Adapters,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = client.post(f"{place}/preview", json={}).json()["url"]
    assert client.get(url).status_code == 200
    swapped = url[:-1] + ("A" if url[-1] != "A" else "B")
    for wrong in (swapped, "/v1/previews/x", url + "x"):
        answer = client.get(wrong)
        assert (answer.status_code, "is over" in answer.text) == (404, True), wrong
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    monkeypatch.setattr(template_previews, "LIFE", -template_previews.LIFE)
    old = client.post(f"{place}/preview", json={}).json()["url"]
    assert client.get(old).status_code == 404
    template_previews.forget_previews(worker.pool)
    assert previews(worker, house) == 1
    assert client.get(url).status_code == 200


def test_a_workspace_keeps_so_many_previews_and_the_oldest_go(
    client: httpx.Client,
    house: House,
    worker: Adapters,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(template_previews, "MOST", 2)
    urls = [client.post(f"{place}/preview", json={}).json()["url"] for _ in range(3)]
    assert [client.get(url).status_code for url in urls] == [404, 200, 200]
    assert previews(worker, house) == 2
