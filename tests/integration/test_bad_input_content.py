"""Templates and launches that cannot be, by command line and by API, and forged links."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest

from infra.bootstrap import Adapters
from infra.crypto.links import LinkKind, LinkTarget, SignedLinks
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.engine import running_workers
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

DEEP = "<p>top</p>\n" + "<div>" * 50_000
SCRIPT = "<p>Hi</p>\n<script>steal()</script>\n<p onclick='x()'>you</p>"
REFUSED = {  # HTML -> what the refusal names
    DEEP: ("line 2, column", "nested more than 256 deep", "close what is open"),
    "<p>Hi</p>\n<p>{{ first_name | shout }}</p>": ("line 2", "shout"),
    "<p>a\x00b</p>": ("line 1", "NUL", "save it as UTF-8"),
    "<p>" + "x" * 600_000 + "</p>": ("bytes", "at most"),
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
def engine(settings: Settings, house: House) -> Iterator[Engine]:
    del house  # founded before anybody asks which workspace there is
    with running_workers(settings, "projector", "importer"):
        yield Engine(environment(settings))


def add(file: Path, html: str) -> tuple[str, ...]:
    file.write_text(html)
    return ("templates", "add", str(file), "--subject", "S")


def tags(app: Adapters, house: House, context: str) -> list[str]:
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        rows = cursor.execute("SELECT tag FROM events ORDER BY position").fetchall()
    return [tag for (tag,) in rows if tag.startswith(context)]


def test_html_that_cannot_be_made_safe_is_refused_at_its_line(
    app: Adapters, engine: Engine, house: House, client: httpx.Client, tmp_path: Path
) -> None:
    runs = [add(tmp_path / f"{number}.html", html) for number, html in enumerate(REFUSED)]
    bytes_file = tmp_path / "latin.html"
    bytes_file.write_bytes(b"<p>\nM\xfcller</p>")
    latin = ("templates", "add", str(bytes_file), "--subject", "S")
    *sentences, not_utf8 = engine.all_refused([*runs, latin])
    for html, sentence in zip(REFUSED, sentences, strict=True):
        assert all(name in sentence for name in REFUSED[html]), sentence
    assert "not UTF-8 (byte 5)" in not_utf8
    assert "save it as UTF-8" in not_utf8
    for html, names in REFUSED.items():
        answer = client.post("/v1/templates", json={"name": "N", "subject": "S", "html": html})
        assert answer.status_code in {400, 422}, answer.text
        known = [name for name in names if name in answer.json()["detail"]]
        assert known or "/html" in answer.json()["detail"], answer.text
    assert tags(app, house, "content.") == []


def test_a_script_is_taken_out_and_its_line_told(
    engine: Engine, client: httpx.Client, tmp_path: Path
) -> None:
    told = engine.json(*add(tmp_path / "script.html", SCRIPT))
    posted = client.post("/v1/templates", json={"name": "N", "subject": "S", "html": SCRIPT})
    assert posted.json()["warnings"] == told["warnings"]
    assert [w for w in told["warnings"] if w.startswith("line 2:") and "script" in w]
    assert [w for w in told["warnings"] if w.startswith("line 3:") and "onclick" in w]
    kept = client.get(f"/v1/templates/{told['template_id']}").json()
    assert "steal" not in kept["html"] + kept["text"]


class Draft(msgspec.Struct, frozen=True):
    """A campaign that somebody is about to launch."""

    campaign_id: str

    @property
    def place(self) -> str:
        return f"/v1/campaigns/{self.campaign_id}"


def drafted(client: httpx.Client, html: str, *, warned: str = "") -> Draft:
    template = client.post("/v1/templates", json={"name": "N", "subject": "S", "html": html})
    assert warned in " ".join(template.json()["warnings"])
    campaign = client.post(
        "/v1/campaigns", json={"name": "May", "template_id": template.json()["id"]}
    )
    return Draft(campaign.json()["id"])


def import_one(client: httpx.Client, worker: Adapters) -> None:
    client.post(
        "/v1/contacts/imports",
        content=b"email,town\nann@example.com,Ghent\n",
        headers={"Content-Type": "text/csv"},
    )
    run_imports(worker)


def test_an_empty_audience_an_unknown_tag_and_a_second_launch_are_refused(
    app: Adapters, engine: Engine, house: House, client: httpx.Client, worker: Adapters
) -> None:
    good = drafted(client, "<p>Hi {{ town }}</p>")
    typo = drafted(client, "<p>Hi</p>\n<p>{{ twon }}</p>", warned="{{ twon }} at line 2, column 4")

    def by_both(draft: Draft, status: int, *names: str) -> None:
        answer = client.post(f"{draft.place}/launch")
        assert answer.status_code == status, answer.text
        sentence = engine.refused("campaigns", "launch", draft.campaign_id)
        assert sentence == answer.json()["detail"]
        assert all(name in sentence for name in names), sentence

    by_both(drafted(client, "<p>Hi</p>"), 422, "audience is empty", "import contacts first")
    import_one(client, worker)
    by_both(typo, 422, "unknown merge tag {{ twon }}", "give the template a default")
    catch_up(worker)
    engine.do("campaigns", "launch", good.campaign_id)
    by_both(good, 409, "running", "launched once")
    assert tags(app, house, "campaigns.campaign_launched") == ["campaigns.campaign_launched.v1"]


def test_what_is_not_there_is_said_to_be_not_there(engine: Engine) -> None:
    nobody = str(uuid4())
    sentences = engine.all_refused(
        [
            ("campaigns", "launch", nobody),
            ("campaigns", "pause", nobody),
            ("campaigns", "watch", nobody),
            ("campaigns", "create", "--name", "May", "--template", nobody),
            ("campaigns", "launch", nobody, "--workspace", "Nowhere"),
        ]
    )
    *missing, elsewhere = sentences
    assert [s for s in missing if "there is no" not in s and "not in this" not in s] == []
    assert "there is no" not in elsewhere
    assert "not in this" not in elsewhere
    assert "no workspace matches: there are Lemon & Thyme" in sentences[-1]


def test_values_that_cannot_be_are_refused_by_name(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "t.html"
    file.write_text("<p>Hi</p>")
    place = str(file)
    for args, names in (
        (("contacts", "import", place, "--map", "email"), ("--map", "FIELD=COLUMN")),
        (("contacts", "import", str(tmp_path)), ("FILE", "is a directory")),
        (("contacts", "import", place, "--rejected", "/no/such/x.csv"), ("no directory /no/such",)),
        (("templates", "add", place, "--subject", "S", "--default", "x"), ("TAG=VALUE",)),
        (("campaigns", "launch", "12"), ("CAMPAIGN_ID", "UUID")),
        (("campaigns", "launch", str(uuid4()), "--at", "soon"), ("--at", "soon")),
        (("log", "tail", "--lines", "-1"), ("--lines",)),
        (("log", "export", "--output", "/no/such/log.jsonl"), ("no directory /no/such",)),
    ):
        sentence = engine.refused(*args, code=2)
        assert all(name in sentence for name in names), sentence
    sentence = engine.refused("templates", "add", place, "--subject", b"M\xfcller")
    assert "not UTF-8" in sentence


def test_a_forged_link_leads_nowhere_and_counts_nothing(
    app: Adapters, client: httpx.Client, house: House, worker: Adapters
) -> None:
    import_one(client, worker)
    catch_up(worker)
    draft = drafted(client, '<p><a href="https://example.com/a">a</a></p>')
    assert client.post(f"{draft.place}/launch").status_code == 202
    foreign = SignedLinks(
        type(app.settings.secret_key)("another-secret-0123456789-abcdefghijkl"),
        public_url=app.settings.public_url,
    )
    target = LinkTarget(house.workspace_id, uuid4(), uuid4(), 0)
    for kind, place in (
        (LinkKind.CLICK, "/t/c/{}"),
        (LinkKind.UNSUBSCRIBE, "/u/{}"),
    ):
        for token in (foreign.sign(kind, target), "x", "%FF", "A" * 500):
            answer = client.get(place.format(token))
            assert answer.status_code == 404, (place, token)
            assert "location" not in answer.headers
            posted = client.post(place.format(token), data={"List-Unsubscribe": "One-Click"})
            assert posted.status_code in {404, 405}
    assert tags(app, house, "engagement.") == []
    assert tags(app, house, "contacts.contact_unsubscribed") == []


def test_json_with_a_field_too_many_bad_text_or_endless_nesting_is_refused(
    app: Adapters, client: httpx.Client, house: House
) -> None:
    headers = {"Content-Type": "application/json"}
    for body, place in (
        (b'{"name": "N", "subject": "S", "html": "x", "admin": true}', "/admin"),
        (b'{"name": "\xff", "subject": "S", "html": "x"}', "UTF-8"),
        (b'{"name":' * 50_000, ""),
        (b"[" * 100_000, ""),
    ):
        answer = client.post("/v1/templates", content=body, headers=headers)
        assert answer.status_code == 400, answer.text
        assert place.lower() in answer.json()["detail"].lower(), answer.text
    assert tags(app, house, "content.") == []
