"""Exports of the log as an auditor's program asks for them, gets them, and loses them again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from domain.shared.model import Event
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.failpoints import Failpoint
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.cli import ROOT, environment, until
from tests.support.exporting import DOOMED, lines, run_exports, seal_everything, unpacked, verdict
from tests.support.http_client import House, found_house, issued_token, serving
from tests.support.working import catch_up
from workers.exporter import ExportWorker
from workers.runtime import Stop

pytestmark = pytest.mark.e2e

PATH = "/v1/audit/exports"


@pytest.fixture
def house(app: Adapters, settings: Settings) -> House:
    house = found_house(app)
    record(app, house, [contact_imported(new_id()) for _ in range(5)])
    seal_everything(settings)
    return house


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


@pytest.fixture
def opener(app: Adapters, house: House) -> dict[str, str]:
    """Headers of a token that may open personal fields."""
    token = issued_token(app, house.workspace_id, "personal:open")
    return {"Authorization": f"Bearer {token}"}


def record(app: Adapters, house: House, events: list[Event]) -> None:
    app.log.record([fact(event) for event in events], asking(house.workspace_id))


def requested(client: httpx.Client, headers: dict[str, str] | None = None, **body: Any) -> str:
    answer = client.post(PATH, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["position"] > 0
    return str(answer.json()["id"])


def told(client: httpx.Client, export_id: str, headers: dict[str, str] | None = None) -> Any:
    answer = client.get(f"{PATH}/{export_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def local(url: str) -> str:
    """Return the path of a link; its host is the installation's public one."""
    return url.removeprefix("http://127.0.0.1:1")


def audited(client: httpx.Client, worker: Adapters, export_id: str) -> list[tuple[str, str]]:
    """Return tag and command of what the audit log has of an export, oldest first."""
    catch_up(worker)
    items = client.get("/v1/audit", params={"object_id": export_id}).json()["items"]
    return [(line["tag"].split(".")[1], line["command"]) for line in reversed(items)]


def test_an_export_is_asked_for_made_downloaded_proven_and_audited(
    client: httpx.Client, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    export_id = requested(client, type="contacts")
    waiting = told(client, export_id)
    assert (waiting["state"], waiting["total"], waiting["download_url"]) == ("running", None, None)
    run_exports(worker)
    done = told(client, export_id)
    assert (done["state"], done["events"], done["error"]) == ("completed", 5, None)
    assert done["counted"] == done["total"] > 5
    (listed,) = client.get(PATH).json()["items"]
    assert (listed["export_id"], listed["filter"]) == (export_id, {"type": "contacts"})

    del client.headers["authorization"]  # the link needs no token
    zipped = client.get(local(done["download_url"]))
    assert (zipped.status_code, zipped.headers["content-type"]) == (200, "application/zip")
    assert zipped.headers["content-disposition"] == (
        f'attachment; filename="export-{export_id}.zip"'
    )
    assert zipped.headers["cache-control"] == "no-store"
    assert int(zipped.headers["content-length"]) == len(zipped.content) == done["size_bytes"]
    found = unpacked(zipped.content, tmp_path / "zip")
    assert len(lines(found, "events.jsonl")) == 5
    assert verdict(found, settings)[0] == 0


def test_who_asked_and_who_downloaded_is_in_the_audit_log(
    client: httpx.Client, worker: Adapters
) -> None:
    export_id = requested(client)
    run_exports(worker)
    assert client.get(local(told(client, export_id)["download_url"])).status_code == 200
    assert client.delete(f"{PATH}/{export_id}").status_code == 202
    assert audited(client, worker, export_id) == [
        ("export_requested", "post_export"),
        ("export_completed", "exporter"),
        ("export_downloaded", "get_download"),
        ("export_deleted", "delete_export"),
    ]


def test_personal_fields_are_opened_for_a_token_with_the_permission_alone(
    client: httpx.Client, worker: Adapters, opener: dict[str, str], tmp_path: Path
) -> None:
    refused = client.post(PATH, json={"open_personal": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "personal:open" in refused.json()["detail"]
    export_id = requested(client, opener, open_personal=True)
    run_exports(worker)
    assert told(client, export_id)["download_url"] is None
    link = told(client, export_id, opener)["download_url"]
    found = unpacked(client.get(local(link)).content, tmp_path / "zip")
    emails = {line["opened"]["email"] for line in lines(found, "events.jsonl") if "opened" in line}
    assert emails == {"ann@example.com"}


def test_a_link_that_was_changed_is_unknown_and_one_that_is_over_is_gone(
    client: httpx.Client, worker: Adapters, settings: Settings
) -> None:
    export_id = requested(client)
    run_exports(worker)
    link = local(told(client, export_id)["download_url"])
    for at in (-1, -20, -30, -50):
        wrong = link[:at] + ("A" if link[at] != "A" else "B") + (link[at + 1 :] if at + 1 else "")
        assert client.get(wrong).status_code == 404, at
    for wrong in (link + "A", link[:-1], f"{link.rpartition('/')[0]}/x", link[:-4] + "ü"):
        assert client.get(wrong).status_code == 404
    assert client.get(link).status_code == 200
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        admin.execute("UPDATE exports SET expires_at = now() - interval '1 second'")
    gone = client.get(link)
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    run_exports(worker)
    assert told(client, export_id)["state"] == "expired"
    assert list(settings.exports_dir.glob("*/*")) == []
    assert client.get(link).status_code == 410
    assert audited(client, worker, export_id)[-1] == ("export_expired", "exporter")


def test_a_link_is_good_until_its_own_second(
    client: httpx.Client, worker: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = requested(client)
    run_exports(worker)
    monkeypatch.setattr("read_api.queries.exports.LINK_LIFETIME", timedelta(seconds=-1))
    answer = client.get(local(told(client, export_id)["download_url"]))
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")


def test_a_deleted_export_is_gone_with_its_files(
    client: httpx.Client, worker: Adapters, settings: Settings
) -> None:
    export_id = requested(client)
    run_exports(worker)
    link = local(told(client, export_id)["download_url"])
    deleted = client.delete(f"{PATH}/{export_id}")
    assert (deleted.status_code, deleted.json()["id"]) == (202, export_id)
    assert client.get(link).status_code == 410
    run_exports(worker)
    assert list(settings.exports_dir.glob("*/*")) == []
    assert client.delete(f"{PATH}/{export_id}").status_code == 202
    assert told(client, export_id)["state"] == "deleted"
    assert client.delete(f"{PATH}/{uuid4()}").status_code == 404


def test_what_cannot_be_exported_is_refused(client: httpx.Client) -> None:
    table: list[tuple[dict[str, Any], int, str]] = [
        ({"since": "2026-01-01T00:00:00"}, 400, "invalid_request"),
        ({"since": "soon"}, 400, "invalid_request"),
        ({"after": -1}, 400, "invalid_request"),
        ({"upto": 2**63}, 400, "invalid_request"),
        ({"actor": ""}, 400, "invalid_request"),
        ({"actor": "a\u0000b"}, 400, "invalid_request"),
        ({"stream_id": "x"}, 400, "invalid_request"),
        ({"type": 1}, 400, "invalid_request"),
        ({"open_personal": "yes"}, 400, "invalid_request"),
        ({"everything": True}, 400, "invalid_request"),
        (
            {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            422,
            "invalid_input",
        ),
        ({"after": 7, "upto": 7}, 422, "invalid_input"),
    ]
    for body, status, code in table:
        answer = client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"{PATH}/x").status_code in {400, 404}
    assert client.get(PATH).json()["items"] == []


def test_the_same_key_asks_once(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "k"}
    assert requested(client, key, type="contacts") == requested(client, key, type="contacts")
    answer = client.post(PATH, json={}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert len(client.get(PATH).json()["items"]) == 1


EVENTS = 5_000
SEALS = 3
DEATHS = (
    (Failpoint.EXPORTER_WRITTEN, 2),
    (Failpoint.EXPORTER_KEPT, 1),
    (Failpoint.EXPORTER_WRITTEN, 1),
    (Failpoint.EXPORTER_PACKED, 1),
)


def test_killed_exporters_leave_one_export_the_same_to_the_byte(
    client: httpx.Client,
    app: Adapters,
    worker: Adapters,
    house: House,
    settings: Settings,
    opener: dict[str, str],
    tmp_path: Path,
) -> None:
    for _ in range(SEALS):
        record(app, house, [contact_imported(new_id()) for _ in range(EVENTS)])
        seal_everything(settings)
    upto = worker.reader.horizon()
    export_id = requested(client, opener, open_personal=True, upto=upto)
    for point, on_hit in DEATHS:
        died = subprocess.run(
            [sys.executable, "-c", DOOMED, point, str(on_hit), "worker", "exporter"],
            cwd=ROOT, env=environment(settings), capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        assert told(client, export_id)["state"] == "running"

    def taken_over() -> bool:
        run_exports(worker)  # finds nothing free until PostgreSQL has noticed the last death
        return bool(told(client, export_id)["state"] == "completed")

    until(taken_over)
    again = requested(client, opener, open_personal=True, upto=upto)
    run_exports(worker)
    files = []
    for number, name in enumerate((export_id, again)):
        into = tmp_path / str(number)
        zipped = client.get(local(told(client, name, opener)["download_url"])).content
        files.append(unpacked(zipped, into))
    for name in ("events.jsonl", "commits.jsonl", "seals.jsonl"):
        assert (files[0] / name).read_bytes() == (files[1] / name).read_bytes()
    assert len(lines(files[0], "events.jsonl")) == SEALS * EVENTS + 8
    assert verdict(files[0], settings)[0] == 0
    assert [tag for tag, _ in audited(client, worker, export_id)] == [
        "export_requested",
        "export_completed",
        "export_downloaded",
    ]


def test_a_second_exporter_leaves_a_taken_export_alone(
    client: httpx.Client, worker: Adapters
) -> None:
    requested(client)
    first, second = ExportWorker(worker), ExportWorker(worker)
    met: list[bool] = []
    stop = Stop()
    original = first._export

    def meanwhile(*args: Any) -> bool:
        met.append(second.step(stop))
        return original(*args)

    first._export = meanwhile  # type: ignore[method-assign] # to look while the first is at it
    assert first.step(stop)
    assert met == [False]
