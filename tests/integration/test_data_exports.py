"""A person's data and a workspace's leave as one archive: all of it, safe, and of nobody erased."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from infra import failpoints
from infra.bootstrap import Adapters
from infra.data_exports import pages
from infra.failpoints import Failpoint
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import contact_imported, email_opened, email_sent, fact
from tests.support.cli import ROOT, environment
from tests.support.erasing import erase
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports
from workers.erasing import ErasureFinisher
from workers.exporter import ExportWorker
from workers.runtime import Stop

pytestmark = pytest.mark.integration

CSV = "email,first name,note\nann@example.com,=cmd|' /C calc'!A0,@SUM(1)\nbob@example.com,Bob,b\n"
CAMPAIGN = UUID("0196a000-0000-7000-8000-000000000007")
# Kills the exporter at a failpoint.
DIE = """
import sys
from infra import failpoints
from infra.bootstrap import Adapters
from infra.data_exports import pages
from infra.postgres.connections import Role
from infra.settings import load_settings
from workers.erasing import ErasureFinisher
from workers.exporter import ExportWorker
from workers.runtime import Stop
pages.PAGE = 2
failpoints.arm(failpoints.Failpoint(sys.argv[1]), failpoints.die, on_hit=int(sys.argv[2]))
ExportWorker(Adapters(load_settings(), role=Role.WORKER, name="dies")).step(Stop())
"""


class Desk:
    """A workspace with two people, mail, and who asks for exports."""

    def __init__(self, client: httpx.Client, house: House, app: Adapters, worker: Adapters) -> None:
        self.client, self.house, self.app, self.worker = client, house, app, worker
        headers = {"Content-Type": "text/csv"}
        self.ask("POST", "contacts/imports", 202, content=CSV, headers=headers)
        self.new_template = {"name": "n", "subject": "s", "html": f"<p>{'Grüße ' * 3_000}</p>"}
        self.template = self.ask("POST", "templates", 202, json=self.new_template)["id"]
        self.ask("POST", "campaigns", 202, json={"name": "c", "template_id": self.template})
        run_imports(worker)
        catch_up(worker)
        found = {c["email"]: c["contact_id"] for c in self.ask("GET", "contacts")["items"]}
        self.ann, self.bob = found["ann@example.com"], found["bob@example.com"]
        person = UUID(self.ann)
        events = [email_sent(CAMPAIGN, person, reply="250 for Ann"), email_opened(CAMPAIGN, person)]
        app.log.record([fact(event) for event in events], asking(house.workspace_id))
        self.ask("POST", f"contacts/{self.ann}/unsubscribe", 202)

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        headers = self.house.headers | more.pop("headers", {})
        answer = self.client.request(method, f"/v1/{path}", headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def export(self, path: str) -> str:
        export: str = self.ask("POST", path, 202)["id"]
        catch_up(self.worker)
        self.work()
        return export

    def work(self) -> None:
        exporter = ExportWorker(self.worker)
        while exporter.step(Stop()):
            pass

    def state(self, export: str) -> Any:
        return self.ask("GET", f"privacy/exports/{export}")

    def files(self, export: str) -> dict[str, bytes]:
        """Follow the signed link; return the files by name."""
        url = self.state(export)["download_url"]
        answer = self.client.get(httpx.URL(url).path)
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}


@pytest.fixture
def desk(app: Adapters, worker: Adapters) -> Iterator[Desk]:
    house = found_house(
        app, permissions=("privacy:export", "contacts:read", "contacts:write", "templates:read",
                          "templates:write", "campaigns:write", "audit:export", "audit:read"),
    )  # fmt: skip
    with serving(app) as client:
        yield Desk(client, house, app, worker)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_person_gets_everything_and_nothing_of_others(desk: Desk) -> None:
    export = desk.export(f"contacts/{desk.ann}/exports")
    files = desk.files(export)
    (profile,) = lines(files["profile.jsonl"])
    assert profile["email"] == "ann@example.com"
    assert profile["fields"] == {"note": "@SUM(1)"}
    (message,) = lines(files["messages.jsonl"])
    assert (message["opens"], message["reply"]) == (1, "250 for Ann")
    assert [c["kind"] for c in lines(files["consents.jsonl"])] == ["given", "withdrawn"]
    assert [s["reason"] for s in lines(files["suppressions.jsonl"])] == ["unsubscribed"]
    told = {line["type"]: line["event"] for line in lines(files["events.jsonl"])}
    assert told["engagement.email_opened.v1"]["ip"] == "198.51.100.0"
    assert told["contacts.contact_imported.v1"]["email"] == "ann@example.com"
    assert not any(b"bob@example.com" in content for content in files.values())
    manifest = json.loads(files["manifest.json"])
    assert (manifest["scope"], manifest["contact_id"]) == ("contact", desk.ann)
    assert manifest["files"].keys() | {"manifest.json"} == files.keys()
    state = desk.state(export)
    assert (state["state"], state["records"]) == ("completed", sum(manifest["records"].values()))


def test_a_workspace_gets_all_its_data_and_no_cell_is_a_formula(desk: Desk) -> None:
    files = desk.files(desk.export("privacy/exports"))
    people = {row["contact_id"]: row for row in lines(files["contacts.jsonl"])}
    assert people[desk.ann]["first_name"] == "=cmd|' /C calc'!A0", "JSON says what is there"
    assert people.keys() == {desk.ann, desk.bob}
    (template,) = lines(files["templates.jsonl"])
    assert "Grüße" in template["html"]
    (campaign,) = lines(files["campaigns.jsonl"])
    assert campaign["status"] == "draft"
    for name, content in files.items():
        if name.endswith(".csv"):
            table = rows(content)
            assert len(table) == len(lines(files[name.replace(".csv", ".jsonl")]))
            cells = [cell for row in table for cell in row.values()]
            assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r＝＋－＠"))]
    (ann,) = [row for row in rows(files["contacts.csv"]) if row["contact_id"] == desk.ann]
    assert ann["first_name"].startswith("'=cmd")


def test_an_export_waits_for_the_read_models(desk: Desk) -> None:
    export = desk.ask("POST", "privacy/exports", 202)["id"]
    desk.app.log.record([fact(contact_imported(UUID(int=3)))], asking(desk.house.workspace_id))
    desk.work()
    assert desk.state(export)["state"] == "running"
    catch_up(desk.worker)
    desk.work()
    assert desk.state(export)["records"] == desk.state(export)["total"] > 0


def test_an_erased_person_is_in_no_export_before_during_and_after(desk: Desk) -> None:
    done = [desk.export(f"contacts/{desk.ann}/exports"), desk.export("privacy/exports")]
    of_bob = desk.export(f"contacts/{desk.bob}/exports")
    running = desk.ask("POST", "privacy/exports", 202)["id"]
    catch_up(desk.worker)
    failpoints.arm(Failpoint.EXPORTER_DATA_KEPT, failpoints.fail, on_hit=2)
    try:
        with pytest.raises(failpoints.FailpointError):
            desk.work()
    finally:
        failpoints.disarm()
    erase(desk.app, desk.house.workspace_id, UUID(desk.ann))
    finish_before_the_projector(desk.worker)
    desk.work()
    assert [desk.state(export)["state"] for export in done] == ["deleted", "deleted"]
    assert desk.state(of_bob)["state"] == "completed"
    for export in (running, desk.export("privacy/exports")):
        people = {row["contact_id"]: row for row in lines(desk.files(export)["contacts.jsonl"])}
        assert people[desk.ann]["email"] is None
        assert people[desk.ann]["erased_at"] is not None
        assert people[desk.bob]["email"] == "bob@example.com"
    files = desk.files(desk.export(f"contacts/{desk.ann}/exports"))
    assert lines(files["erasure.jsonl"])[0]["stage"] == "done"
    assert not any(b"ann@example" in content or b"=cmd" in content for content in files.values())
    assert not any(b"198.51.100" in content for content in files.values())


def finish_before_the_projector(worker: Adapters) -> None:
    """The erasure is done, and the read models still show the person: the worst moment."""
    finisher = ErasureFinisher(worker, worker="scheduler")
    while finisher.step():
        pass


@pytest.mark.parametrize(
    ("point", "on_hit"),
    [
        (Failpoint.EXPORTER_DATA_WRITTEN, 1),
        (Failpoint.EXPORTER_DATA_WRITTEN, 4),  # the second page of templates: beyond the buffer
        (Failpoint.EXPORTER_DATA_KEPT, 2),
        (Failpoint.EXPORTER_DATA_PACKED, 1),
        (Failpoint.APPENDER_WRITTEN, 1),
        (Failpoint.APPENDER_COMMITTED, 1),
    ],
)
def test_a_killed_exporter_goes_on_and_the_files_are_the_same(
    desk: Desk, settings: Settings, point: Failpoint, on_hit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        desk.ask("POST", "templates", 202, json=desk.new_template)
    whole = desk.files(desk.export("privacy/exports"))
    export = desk.ask("POST", "privacy/exports", 202)["id"]
    catch_up(desk.worker)
    died = subprocess.run(
        [sys.executable, "-c", DIE, point, str(on_hit)],
        cwd=ROOT,
        env=environment(settings),
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    monkeypatch.setattr(pages, "PAGE", 2)
    desk.work()
    files = desk.files(export)
    del files["manifest.json"], whole["manifest.json"]
    assert files == whole


def test_an_export_is_listed_deleted_and_not_one_of_the_log(desk: Desk) -> None:
    export = desk.export("privacy/exports")
    log_export = desk.ask("POST", "audit/exports", 202, json={})["id"]
    assert [e["export_id"] for e in desk.ask("GET", "privacy/exports")["items"]] == [export]
    assert [e["export_id"] for e in desk.ask("GET", "audit/exports")["items"]] == [log_export]
    desk.ask("GET", f"audit/exports/{export}", 404)
    desk.ask("DELETE", f"audit/exports/{export}", 404)
    desk.ask("DELETE", f"privacy/exports/{log_export}", 404)
    url = httpx.URL(desk.state(export)["download_url"]).path
    desk.ask("DELETE", f"privacy/exports/{export}", 202)
    assert desk.client.get(url).status_code == 410
    desk.work()
    assert desk.state(export)["state"] == "deleted"
    assert not list(desk.worker.settings.exports_dir.rglob(f"{export}*"))
