"""What recipients touch: pixel, tracked links, the way out. Signed, public, no scripts."""

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
import pytest
from psycopg import sql

from infra.bootstrap import Adapters
from infra.crypto.links import LinkKind, LinkTarget, SignedLinks
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.tenant_scope import tenant_scope
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.e2e

HTML = (
    '<p><a href="https://example.com/a?x=1&amp;y=2">one</a> '
    '<a href="https://example.org/gr\u00fc\u00dfe">two</a></p>'
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Sent(msgspec.Struct, frozen=True):
    """A launched campaign, and one of its recipients."""

    house: House
    campaign_id: UUID
    contact_id: UUID
    links: SignedLinks

    def token(self, kind: LinkKind, *, link: int = 0) -> str:
        target = LinkTarget(self.house.workspace_id, self.campaign_id, self.contact_id, link)
        return self.links.sign(kind, target)


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as client:
        yield client


@pytest.fixture
def sent(app: Adapters, worker: Adapters, client: httpx.Client) -> Sent:
    house = found_house(app)
    client.post(
        "/v1/contacts/imports",
        content="email\nann@example.com\n",
        headers=house.headers | {"Content-Type": "text/csv"},
    )
    run_imports(worker)
    catch_up(worker)
    (ann,) = client.get("/v1/contacts", headers=house.headers).json()["items"]
    template = {"name": "T", "subject": "S", "html": HTML}
    added = client.post("/v1/templates", json=template, headers=house.headers).json()
    draft = {"name": "C", "template_id": added["id"]}
    campaign = client.post("/v1/campaigns", json=draft, headers=house.headers).json()["id"]
    launched = client.post(f"/v1/campaigns/{campaign}/launch", headers=house.headers)
    assert launched.status_code == 202, launched.text
    links = SignedLinks(app.settings.secret_key, public_url=app.settings.public_url)
    return Sent(house, UUID(campaign), UUID(ann["contact_id"]), links)


def facts(app: Adapters, sent: Sent, context: str) -> list[str]:
    with tenant_scope(app.pool, sent.house.workspace_id) as cursor:
        rows = cursor.execute(
            "SELECT tag FROM events WHERE tag LIKE %s ORDER BY position", (context + "%",)
        ).fetchall()
    return [row[0] for row in rows]


def eventually_facts(app: Adapters, sent: Sent, *, count: int) -> list[str]:
    deadline = time.monotonic() + 5
    while len(found := facts(app, sent, "engagement.")) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def test_the_pixel_counts_an_open_and_answers_43_bytes(
    app: Adapters, worker: Adapters, client: httpx.Client, sent: Sent
) -> None:
    answer = client.get(f"/t/o/{sent.token(LinkKind.OPEN)}.gif")
    assert (answer.status_code, len(answer.content)) == (200, 43)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    eventually_facts(app, sent, count=1)
    catch_up(worker)
    stats = client.get(f"/v1/campaigns/{sent.campaign_id}/stats", headers=sent.house.headers)
    assert (stats.json()["opens"], stats.json()["opened"]) == (1, 1)


def test_a_forged_pixel_gets_the_same_answer_and_counts_nothing(
    app: Adapters, client: httpx.Client, sent: Sent
) -> None:
    good = sent.token(LinkKind.OPEN)
    real = client.get(f"/t/o/{good}.gif")
    for forged in (good[:-1], "x", sent.token(LinkKind.CLICK), good.swapcase(), "%00"):
        answer = client.get(f"/t/o/{forged}.gif")
        assert (answer.status_code, answer.content) == (200, real.content)
    assert client.get(f"/t/o/{good}").content == real.content
    eventually_facts(app, sent, count=1)
    time.sleep(0.3)
    assert len(facts(app, sent, "engagement.")) == 1


def test_a_click_leads_where_the_snapshot_says(
    app: Adapters, client: httpx.Client, sent: Sent
) -> None:
    first = client.get(f"/t/c/{sent.token(LinkKind.CLICK, link=0)}")
    second = client.get(f"/t/c/{sent.token(LinkKind.CLICK, link=1)}")
    assert (first.status_code, first.headers["location"]) == (302, "https://example.com/a?x=1&y=2")
    assert second.headers["location"].startswith("https://example.org/gr%C3%BC%C3%9Fe")
    assert eventually_facts(app, sent, count=2) == ["engagement.link_clicked.v1"] * 2


def test_head_is_answered_but_does_not_count(
    app: Adapters, client: httpx.Client, sent: Sent
) -> None:
    click = f"/t/c/{sent.token(LinkKind.CLICK)}"
    assert client.head(click).status_code == 302
    assert client.head(f"/t/o/{sent.token(LinkKind.OPEN)}.gif").status_code == 200
    assert client.head(f"/u/{sent.token(LinkKind.UNSUBSCRIBE)}").status_code == 200
    client.get(click)
    assert eventually_facts(app, sent, count=1) == ["engagement.link_clicked.v1"]
    time.sleep(0.3)
    assert len(facts(app, sent, "engagement.")) == 1


def test_each_changed_byte_of_a_link_is_noticed(client: httpx.Client, sent: Sent) -> None:
    for kind, place in ((LinkKind.CLICK, "/t/c/"), (LinkKind.UNSUBSCRIBE, "/u/")):
        good = sent.token(kind)
        for at in range(len(good)):
            forged = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
            assert client.get(place + forged).status_code == 404, (kind, at)


def test_a_link_beyond_the_snapshot_or_of_no_campaign_leads_nowhere(
    client: httpx.Client, sent: Sent
) -> None:
    beyond = sent.token(LinkKind.CLICK, link=2)
    nowhere = msgspec.structs.replace(sent, campaign_id=uuid4()).token(LinkKind.CLICK)
    assert client.get(f"/t/c/{beyond}").status_code == 404
    assert client.get(f"/t/c/{nowhere}").status_code == 404


def test_looking_at_the_unsubscribe_page_changes_nothing(
    app: Adapters, client: httpx.Client, sent: Sent
) -> None:
    page = client.get(f"/u/{sent.token(LinkKind.UNSUBSCRIBE)}")
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "<script" not in page.text
    assert "set-cookie" not in page.headers
    assert "contacts.contact_unsubscribed.v1" not in facts(app, sent, "contacts.")


@pytest.mark.parametrize(
    ("form", "via"), [(ONE_CLICK, "one_click"), ({"unsubscribe": "yes"}, "page")]
)
def test_one_post_unsubscribes_and_a_second_is_answered_alike(
    app: Adapters,
    worker: Adapters,
    client: httpx.Client,
    sent: Sent,
    form: dict[str, str],
    via: str,
) -> None:
    place = f"/u/{sent.token(LinkKind.UNSUBSCRIBE)}"
    for _ in range(2):
        answer = client.post(place, data=form)
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
    assert facts(app, sent, "contacts.contact_unsubscribed") == ["contacts.contact_unsubscribed.v1"]
    catch_up(worker)
    (listed,) = client.get("/v1/suppressions", headers=sent.house.headers).json()["items"]
    assert (listed["reason"], listed["detail"]) == ("unsubscribed", via)
    assert listed["campaign_id"] == str(sent.campaign_id)
    with tenant_scope(app.pool, sent.house.workspace_id) as cursor:
        assert cursor.execute("SELECT contact_id FROM do_not_mail").fetchall() == [
            (sent.contact_id,)
        ]


def test_one_click_may_come_as_multipart(app: Adapters, client: httpx.Client, sent: Sent) -> None:
    answer = client.post(
        f"/u/{sent.token(LinkKind.UNSUBSCRIBE)}",
        files={"List-Unsubscribe": (None, "One-Click")},
    )
    assert answer.status_code == 200
    assert len(facts(app, sent, "contacts.contact_unsubscribed")) == 1


def test_a_post_that_does_not_say_what_it_wants_changes_nothing(
    app: Adapters, client: httpx.Client, sent: Sent
) -> None:
    place = f"/u/{sent.token(LinkKind.UNSUBSCRIBE)}"
    assert client.post(place, data={"List-Unsubscribe": "maybe"}).status_code == 400
    assert client.post(place, json=ONE_CLICK).status_code == 415
    assert client.post(place).status_code == 415
    assert client.post("/u/nonsense", data=ONE_CLICK).status_code == 404
    assert facts(app, sent, "contacts.contact_unsubscribed") == []


def test_a_database_that_is_away_delays_hits_and_loses_none(
    app: Adapters, client: httpx.Client, sent: Sent, postgres: EmbeddedPostgres
) -> None:
    name = app.settings.database_url.rsplit("/", 1)[1].split("?")[0]
    gate = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    click = f"/t/c/{sent.token(LinkKind.CLICK)}"
    assert client.get(click).status_code == 302  # now the campaign's links are known
    eventually_facts(app, sent, count=1)
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(gate.format(sql.Identifier(name), sql.SQL("false")))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            pixel = client.get(f"/t/o/{sent.token(LinkKind.OPEN)}.gif")
            assert (pixel.status_code, len(pixel.content)) == (200, 43)
            assert client.get(click).status_code == 302
            assert client.get("/readyz").status_code == 503
        finally:
            admin.execute(gate.format(sql.Identifier(name), sql.SQL("true")))
    deadline = time.monotonic() + 30
    while len(facts(app, sent, "engagement.")) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert len(facts(app, sent, "engagement.")) == 3
