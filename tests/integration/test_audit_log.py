"""The audit log answers exactly what a naive look at the whole log answers, and by an index."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from litestar.testing import TestClient

from domain.delivery.events import HandoverStarted
from domain.shared.model import Event
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from read_api.app import create_app
from read_api.edge.paging import MAX_LIMIT
from read_api.queries.audit import CONDITIONS, audit_query
from tests.support.asking import asking
from tests.support.builders import contact_imported, email_opened, email_sent, fact
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

A, B = (UUID(f"0196a000-0000-7000-8000-00000000000{n}") for n in (7, 8))
OBJECTS: Mapping[str, Callable[[Any, UUID], tuple[str, UUID]]] = {
    "tenancy.workspace_created.v1": lambda _, workspace: ("workspace", workspace),
    "developer.api_token_issued.v1": lambda event, _: ("token", event.token_id),
    "contacts.contact_imported.v1": lambda event, _: ("import", event.import_id),
    "content.template_added.v1": lambda event, _: ("template", event.template_id),
    "campaigns.campaign_drafted.v1": lambda event, _: ("campaign", event.campaign_id),
    "delivery.email_sent.v1": lambda event, _: ("campaign", event.campaign_id),
    "delivery.handover_started.v1": lambda _, workspace: ("workspace", workspace),
    "engagement.email_opened.v1": lambda event, _: ("campaign", event.campaign_id),
}
"""What each event of this test is about, said by hand."""


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def client(app: Adapters, worker: Adapters, house: House) -> Iterator[httpx.Client]:
    """A workspace in which people, programs and workers have acted."""
    with serving(app) as client:
        client.headers.update(house.headers)
        template = client.post(
            "/v1/templates",
            json={"name": "T", "subject": "S", "html": "<p>x</p>"},
            headers={"X-Request-Id": str(A)},
        )
        draft = {"name": "C", "template_id": template.json()["id"]}
        client.post("/v1/campaigns", json=draft, headers={"X-Request-Id": str(B)})
        people = [new_id() for _ in range(40)]
        for actor, events in (
            ("worker:importer", [contact_imported(person) for person in people]),
            ("worker:dispatcher", mixed(people)),
            ("worker:dispatcher", [email_sent(A, person) for person in people]),
        ):
            app.log.record([fact(e) for e in events], asking(house.workspace_id, actor=actor))
        found_house(app, "Somebody else")
        catch_up(worker)
        yield client


def mixed(people: list[UUID]) -> list[Event]:
    """One command about two campaigns, and about none."""
    return [
        *(email_sent(campaign, person) for person in people[:9] for campaign in (A, B)),
        *(email_opened(B, person) for person in people[:3]),
        HandoverStarted(relay="r", messages=""),
    ]


def naive(app: Adapters, worker: Adapters, house: House) -> list[dict[str, Any]]:
    """Fold the whole log by hand: newest first, as the API would say it."""
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        cursor.execute("SELECT * FROM commits")
        names = [column.name for column in cursor.description or ()]
        commits = {
            row["command_id"]: row for row in (dict(zip(names, r, strict=True)) for r in cursor)
        }
    lines: dict[tuple[object, ...], list[Any]] = defaultdict(list)
    for page in worker.reader.pages(0):
        for row in page:
            if row.workspace_id == house.workspace_id:
                event = worker.mapper.decode(row.tag, row.data)
                about = OBJECTS[row.tag](event, row.workspace_id)
                lines[row.command_id, row.tag, about].append(row)
    found = []
    for (command_id, tag, about), rows in lines.items():
        commit = commits[command_id]
        found.append(
            {
                "position": rows[0].position, "last_position": rows[-1].position,
                "events": len(rows), "tag": tag, "recorded_at": rows[0].recorded_at,
                "object_type": about[0], "object_id": str(about[1]),
                "command_id": str(command_id), "actor": commit["actor"],
                "command": commit["command"], "ip": commit["ip"],
                "correlation_id": str(commit["correlation_id"]), "causation_id": None,
                "actor_name": "test" if commit["actor"].startswith("token:") else None,
            }
        )  # fmt: skip
    return sorted(found, key=lambda line: -line["position"])


def asked(client: httpx.Client, *, limit: int = 2, **wanted: object) -> list[dict[str, Any]]:
    """Return all pages; short ones, so that the cursor is walked."""
    found: list[dict[str, Any]] = []
    params = {name: str(value) for name, value in wanted.items()} | {"limit": str(limit)}
    while True:
        answer = client.get("/v1/audit", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return [
                line | {"recorded_at": datetime.fromisoformat(line["recorded_at"])}
                for line in found
            ]
        params["cursor"] = page["next"]


def test_each_filter_is_exact_against_a_naive_look_at_the_log(
    client: httpx.Client, app: Adapters, worker: Adapters, house: House
) -> None:
    lines = naive(app, worker, house)
    assert {line["tag"] for line in lines} == OBJECTS.keys()
    assert asked(client) == lines == asked(client, limit=MAX_LIMIT)
    middle = lines[len(lines) // 2]
    cases: list[tuple[dict[str, object], Callable[[dict[str, Any]], bool]]] = [
        ({"actor": line["actor"]}, lambda x, a=line["actor"]: x["actor"] == a) for line in lines
    ]
    for name, field in (("object_id", "object_id"), ("request_id", "correlation_id")):
        cases += [
            ({name: line[field]}, lambda x, f=field, v=line[field]: x[f] == v) for line in lines
        ]
    for line in lines:
        for wanted in (line["tag"], line["tag"].split(".")[0], line["tag"].rsplit(".", 1)[0]):
            cases.append(
                ({"type": wanted}, lambda x, w=wanted: (x["tag"] + ".").startswith(w + "."))
            )
    at, above = middle["recorded_at"], middle["position"]
    cases += [
        ({"since": at.isoformat()}, lambda x: x["recorded_at"] >= at),
        ({"until": at.isoformat()}, lambda x: x["recorded_at"] < at),
        ({"above": above}, lambda x: x["position"] > above),
        (
            {"type": "delivery", "object_id": A, "actor": "worker:dispatcher", "above": above},
            lambda x: (
                x["tag"].startswith("delivery.")
                and x["object_id"] == str(A)
                and x["position"] > above
            ),
        ),
        ({"type": "camp"}, lambda _: False),
        ({"actor": "worker"}, lambda _: False),
    ]
    for wanted, holds in cases:
        assert asked(client, **wanted) == [line for line in lines if holds(line)], wanted


def test_a_line_says_which_operation_asked_and_from_which_network(
    client: httpx.Client, app: Adapters, house: House
) -> None:
    (drafted,) = asked(client, type="campaigns.campaign_drafted", request_id=B)
    assert (drafted["command"], drafted["actor"][:6]) == ("post_campaign", "token:")
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        row = cursor.execute("SELECT count(*) FROM commits WHERE ip LIKE '%%.%%.%%.%%'").fetchone()
    assert drafted["ip"] is None  # the test client has no address
    assert row == (0,)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
    ],
)
def test_an_address_is_truncated_before_it_reaches_the_log(
    app: Adapters, worker: Adapters, house: House, address: str, kept: str
) -> None:
    served = create_app(app)
    inner = served.asgi_handler

    async def from_address(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "client": (address, 1)}, receive, send)

    served.asgi_handler = from_address
    template = {"name": "T", "subject": "S", "html": "<p>x</p>"}
    with TestClient(served) as client:
        client.headers.update(house.headers)
        assert client.post("/v1/templates", json=template).status_code == 202
        catch_up(worker)
        (line,) = client.get("/v1/audit", params={"type": "content"}).json()["items"]
    assert line["ip"] == kept
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        found = cursor.execute("SELECT DISTINCT ip FROM commits WHERE ip IS NOT NULL").fetchall()
    assert found == [(kept,)]


def test_what_cannot_be_asked_is_refused(client: httpx.Client) -> None:
    for wanted in (
        {"object_id": "x"}, {"since": "yesterday"}, {"above": "-1"}, {"above": str(2**63)},
        {"actor": ""}, {"type": "x" * 201}, {"limit": "0"}, {"cursor": "x"},
    ):  # fmt: skip
        answer = client.get("/v1/audit", params=wanted)
        assert (answer.status_code, answer.json()["status"]) == (400, 400), wanted


ROWS = 100_000
FILL = """
INSERT INTO audit_log (workspace_id, command_id, tag, object_id, object_type, position,
       last_position, events, recorded_at, actor, command, correlation_id)
SELECT %(workspace)s, gen_random_uuid(), CASE n %% 500 WHEN 0 THEN 'campaigns.campaign_drafted.v1'
       ELSE 'delivery.email_sent.v1' END, md5((n %% 1000)::text)::uuid, 'campaign', n, n, 1,
       timestamptz '2026-01-01' + n * interval '1 second', 'token:' || n %% 300, 'x',
       md5(n::text)::uuid
  FROM generate_series(1000, 1000 + %(rows)s) n
"""


def test_no_filter_reads_the_whole_table(
    app: Adapters, worker: Adapters, house: House, settings: Settings
) -> None:
    with worker.pool.connection() as connection:
        connection.execute(FILL, {"workspace": house.workspace_id, "rows": ROWS})
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        admin.execute("ANALYZE audit_log")
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    cases: list[tuple[dict[str, object], str | None]] = [
        ({}, None),
        ({"actor": "token:7"}, None),
        ({"object_id": UUID("1679091c-5a88-0faf-6fb5-e6087eb1b2dc")}, None),
        ({"request": new_id()}, None),
        ({"since": at, "until": at.replace(hour=13)}, None),
        ({"above": ROWS - 50}, None),
        ({}, "campaigns"),
        ({"actor": "token:7"}, "delivery.email_sent.v1"),
    ]
    for conditions, type_ in cases:
        wanted = dict.fromkeys(CONDITIONS) | conditions
        query, values = audit_query(wanted, type_=type_)
        values |= {"workspace_id": house.workspace_id, "position": 2**62, "fetch": 51}
        with tenant_scope(app.pool, house.workspace_id) as cursor:
            plan = "\n".join(r[0] for r in cursor.execute("EXPLAIN (ANALYZE) " + query, values))
        assert "Seq Scan on audit_log" not in plan, (conditions, type_, plan)
        assert "Index" in plan
