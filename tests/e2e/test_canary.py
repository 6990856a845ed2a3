"""Three people go through the whole engine and are erased: nothing of them is left anywhere.

Not searched: the files of PostgreSQL itself, where old versions of rows live until they are
overwritten (docs/privacy.md says what that means).
"""

import http.client
import json
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.bootstrap import Adapters
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.connections import Role
from tests.support.campaign_evidence import HTML, Customer
from tests.support.canary import Search
from tests.support.cli import Engine
from tests.support.http_client import issued_token
from tests.support.running_engine import environment, running_engine, wait_until
from workers.demo.mailbox import open_mail, read_mailbox
from workers.demo.web import Web

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

READER = "zoe@slow.example.com"
GONE = "gone.zoe@bounce.example.com"
BLOCKED = "blocked.zoe@bounce.example.com"
AGENT = "QuaggaReader/47"
SECRETS = ("QuaggaFirst", "QuaggaLast", "QuaggaNote", "QuaggaAgain", "Zoë Größe")
PLANTED = (READER, GONE, BLOCKED, "QuaggaReader", *SECRETS)
FILE = f"""email,first name,last name,note
{READER},QuaggaFirst,QuaggaLast,Zoë Größe
{GONE},QuaggaFirst,QuaggaLast,QuaggaNote
{BLOCKED},QuaggaFirst,QuaggaLast,QuaggaNote
{READER},QuaggaAgain,QuaggaLast,a duplicate
Zoe <{GONE}>,QuaggaAgain,QuaggaLast,not valid
bob@example.com,Bob,Builder,stays
"""
EXPORTED = {
    f"{name}.{ending}"
    for name in ("contacts", "profile", "rejected_rows", "events")
    for ending in ("csv", "jsonl")
}
OTHER = ("bob@example.com", "Builder")


class Story:
    """One engine with one customer, and whoever looks for the people in it."""

    def __init__(self, data_dir: Path, temporary: Path, customer: Customer) -> None:
        self.data_dir = data_dir
        self.temporary = temporary
        self.customer = customer
        self.cli = Engine(environment(data_dir, TMPDIR=str(temporary)))
        self.postgres = EmbeddedPostgres(data_dir)

    def found(self, *planted: str) -> set[str]:
        """Search both databases, JetStream's store, the logs, the exports, the mailbox."""
        search = Search(planted)
        return (
            search.database(self.postgres.dsn("engine"))
            | search.database(self.postgres.dsn("vault"))
            | search.files(self.data_dir, self.temporary, without=[self.postgres.cluster])
        )

    def api(self) -> closing[Web]:
        return closing(Web(self.customer.settings.public_url, token=self.customer.token))

    def contacts(self) -> dict[str, str]:
        with self.api() as api:
            return {c["email"]: c["contact_id"] for c in api.get("/v1/contacts")["items"]}

    def live(self) -> None:
        """Import, send, bounce, defer, dead-letter, open, click, export."""
        with self.api() as api:
            sent = api.request("POST", "/v1/contacts/imports", FILE.encode(), "text/csv")
            assert sent.status == http.client.ACCEPTED
            imported = self.customer.wait_for_import(f"/v1/contacts/imports/{sent.json()['id']}")
            assert (imported["valid"], imported["duplicates"], imported["invalid"]) == (4, 1, 1)
            wait_until(lambda: len(self.contacts()) == 4, "the contacts")
            html = HTML.replace("</p>", " {{ note | default: 'x' }}</p>")
            template = {"name": "n", "subject": "Hi {{ first_name }}", "html": html}
            draft = {"name": "Q", "template_id": api.post("/v1/templates", template)["id"]}
            campaign = api.post("/v1/campaigns", draft)["id"]
            api.post(f"/v1/campaigns/{campaign}/launch")
        path = f"/v1/campaigns/{campaign}"
        wait_until(lambda: self.customer.ask(path, "status") == "completed", "the campaign's end")
        self.read_mail()
        stats = f"{path}/stats"
        wait_until(lambda: self.customer.ask(stats, "clicked") == 1, "the click in the figures")
        figures = {name: self.customer.ask(stats, name) for name in ("sent", "bounced", "failed")}
        assert figures == {"sent": 2, "bounced": 1, "failed": 1}
        self.export_opened()
        export = self.temporary / "export"
        self.cli.do("log", "export", "--output", str(export))
        assert (export / "events.jsonl").stat().st_size > 0

    def export_opened(self) -> None:
        """Export the log with opened fields, and data: where they stand in files of ours."""
        adapters = Adapters(self.customer.settings, role=Role.APP, name="canary")
        try:
            more = ("personal:open", "privacy:export")
            token = issued_token(adapters, self.customer.workspace_id, *more)
        finally:
            adapters.close()
        with closing(Web(self.customer.settings.public_url, token=token)) as api:
            path, data = "/v1/audit/exports", "/v1/privacy/exports"
            of_reader = f"/v1/contacts/{self.contacts()[READER]}/exports"
            exports = [
                f"{path}/{api.post(path, {'open_personal': True})['id']}",
                f"{data}/{api.post(data)['id']}",
                f"{data}/{api.post(of_reader)['id']}",
            ]
            for export in exports:
                wait_until(lambda e=export: api.get(e)["state"] == "completed", "the export")  # type: ignore[misc]

    def read_mail(self) -> None:
        settings = self.customer.settings
        with closing(Web(f"http://127.0.0.1:{settings.catcher_http_port}")) as catcher:
            (mail,) = [m for _, m in read_mailbox(catcher) if m.recipient == READER]
        opened = open_mail(mail)
        with closing(Web(settings.public_url)) as reader:
            agent = {"User-Agent": AGENT}
            for url in (opened.pixel_url, opened.links[0]):
                assert reader.request("GET", url, b"", "", **agent).status in {200, 302}

    def erase_all(self, contacts: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Erase the first by command line, the others by HTTP; yield their receipts."""
        receipt = self.temporary / "receipt.json"
        preview = self.cli.json("privacy", "preview", "--email", READER)
        assert (preview["messages"], preview["clicks"], preview["rejected_rows"]) == (1, 1, 1)
        assert preview["exports"] == 3
        self.cli.do("privacy", "erase", "--email", READER, "--yes", "--receipt", str(receipt))
        yield json.loads(receipt.read_text())
        with self.api() as api:
            for email in (GONE, BLOCKED):
                path = f"/v1/contacts/{contacts[email]}/erasure"
                answer = api.post(path)
                assert api.get(path) == answer["receipt"] == api.post(path)["receipt"]
                scrubbed = f"/v1/contacts/{contacts[email]}"
                after = api.get_own_write(scrubbed, after=answer["position"])
                assert (after["email"], after["fields"]) == (None, None)
                yield answer["receipt"]

    def wait_until_done(self) -> None:
        stages = "SELECT DISTINCT stage FROM erasures"
        with psycopg.connect(self.postgres.dsn("engine"), autocommit=True) as admin:
            wait_until(lambda: admin.execute(stages).fetchall() == [("done",)], "the scheduler")
        wait_until(lambda: not list(self.data_dir.rglob("*.zip")), "the exporter")


@pytest.fixture
def story() -> Iterator[Story]:
    with (
        tempfile.TemporaryDirectory(prefix="engine-test-") as directory,
        tempfile.TemporaryDirectory(prefix="engine-test-tmp-") as temporary,
    ):
        data_dir = Path(directory).resolve()
        with running_engine(data_dir, TMPDIR=temporary) as engine:
            yield Story(data_dir, Path(temporary), Customer(engine.settings))


def places(found: set[str]) -> set[str]:
    return {hit.partition(":")[0] for hit in found}


def test_nothing_of_an_erased_person_is_left_anywhere(story: Story) -> None:
    story.live()
    before = story.found(*PLANTED)
    seen = {"contacts", "import_rejections", "mail.sqlite3", *EXPORTED}
    assert places(before) == seen, before
    assert {hit.partition(": ")[2] for hit in before} >= {READER, GONE, BLOCKED, *SECRETS}
    others = {hit for hit in story.found(*OTHER) if places({hit}).isdisjoint(EXPORTED)}

    for number, receipt in enumerate(story.erase_all(story.contacts())):
        file = story.temporary / f"receipt-{number}.json"
        file.write_text(json.dumps(receipt))
        assert story.cli.json("privacy", "verify-receipt", str(file))["ok"]
    file.write_text(json.dumps(receipt | {"actor": "nobody"}))
    forged = story.cli.ask("privacy", "verify-receipt", str(file))
    assert (forged.code, forged.out.count("wrong: ")) == (1, 2), forged
    story.wait_until_done()

    assert story.found(*PLANTED) == set()
    assert story.found(*OTHER) == others, "and of nobody else"
    verified = story.cli.json("projections", "verify")
    assert [row["name"] for row in verified if not row["ok"]] == []

    plant_leaks(story)
    assert places(story.found(*PLANTED)) == {"dead_letters", "snapshots", "engine.log.1"}


def plant_leaks(story: Story) -> None:
    """What the search must find, or it proves nothing."""
    with psycopg.connect(story.postgres.dsn("engine"), autocommit=True) as admin:
        coded = b64encode(b"x: QuaggaNote").decode()
        admin.execute("UPDATE dead_letters SET transcript = %s", (coded,))
        admin.execute(
            "INSERT INTO import_parts (workspace_id, import_id, part, data)"
            " SELECT gen_random_uuid(), gen_random_uuid(), 0, ''"
        )
        admin.execute(
            "INSERT INTO snapshots (workspace_id, sha256, content)"
            " VALUES (gen_random_uuid(), encode('zoe@slow.example.com'::bytea, 'hex'), '{}')"
        )
    (story.data_dir / "log" / "engine.log.1").write_text("Zoë Größe", encoding="utf-16-le")
