"""Every documented operation, with the ids of one workspace and the token of another."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.testing import TestClient

from domain.delivery.events import EmailSent
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.tenant_scope import tenant_scope
from read_api.app import create_app
from read_api.edge import sse
from read_api.edge.permission_guard import UndeclaredRouteError, api_handlers
from read_api.edge.refusals import RefusalError, not_found
from read_api.edge.request_marks import operation_of
from read_api.public.ui import get_ui
from read_api.routes import ROUTES
from tests.support.accounts import join
from tests.support.asking import asking
from tests.support.http_client import House, found_house
from tests.support.invitations import invited_by_operator
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

CANARY = "canary7431"
TEMPLATE = {
    "name": f"{CANARY} template",
    "subject": CANARY,
    "html": f'<p>{CANARY} <a href="https://example.com/{CANARY}">x</a></p>',
}
CSV = f"email,first_name\n{CANARY}@example.com,{CANARY}\n{CANARY} broken,x\n"
BODIES: dict[str, dict[str, object]] = {
    "post_sending_domain": {"domain": "b.example"},
    "post_campaign": {"name": "B", "template_id": "{template_id}"},
    "post_schedule": {"send_at": "2030-01-01T00:00:00Z"},
    "post_export": {},
    "post_consent": {"source": "a form"},
    "post_suppression": {"email": "somebody@b.example"},
    "delete_suppression": {"reason": "manual", "note": "B"},
    "put_retention": {"trash_days": 7},
    "post_second_factor_confirm": {"code": "000000"},
    "post_recovery_codes": {"code": "000000"},
    "post_second_factor_remove": {"code": "000000"},
    "post_contact_export": {},
    "post_api_key": {"name": "B", "scopes": ["contacts:read"]},
    "post_api_key_rotation": {},
    "post_template": {"name": "B", "subject": "S", "html": "<p>x</p>"},
    "patch_campaign": {"name": "B", "template_id": "{template_id}"},
    "put_template": {"name": "B", "subject": "S", "html": "<p>x</p>"},
    "post_duplicate": {},
    "post_template_preview": {"contact_id": "{contact_id}"},
    "post_lint": {"html": "<p>x</p>"},
    "post_preview": {
        "template": {"name": "B", "subject": "S", "html": "<p>x</p>"},
        "contact_id": "{contact_id}",
    },
    "post_import_check": {"mapping": {}},
    "post_import_commit": {"consent_source": "B"},
    "post_redrive": {"reason": "B"},
    "post_discard": {"reason": "B"},
    "post_redrive_matching": {"reason": "B", "campaign_id": "{campaign_id}"},
    "post_discard_matching": {"reason": "B", "campaign_id": "{campaign_id}"},
    "post_resolution": {"as": "delivered", "reason": "B"},
    "post_session_workspace": {"workspace_id": "{session_id}"},
    "put_password": {"current_password": "x", "new_password": "x"},
    "delete_me": {"password": "x"},
    "post_workspace": {"name": "B"},
    "post_viewing": {"reason": "B", "minutes": 1},
    "post_relay": {"label": "B", "host": "smtp.b.example"},
    "put_delivery_mode": {"bulk": "at_least_once"},
    "put_in_flight_bound": {"kind": "domain", "key": "b.example", "max_in_flight": 1},
    "put_relay": {"label": "B"},
    "put_relay_credentials": {"username": "B", "password": "B"},
    "put_send_rate": {"kind": "domain", "key": "b.example", "rate_per_s": 1},
    "put_operator_send_rate": {
        "kind": "workspace",
        "workspace_id": "{session_id}",
        "rate_per_s": 1,
    },
    "put_soft_bounce_policy": {
        "bounces": 2,
        "of_last": 5,
        "over_days": 7,
        "suppress_days": 30,
    },
    "post_lane_block": {"reason": "B"},
    "post_lane_open": {"reason": "B"},
    "post_warm_up_skip": {"reason": "B"},
    "post_warm_up_restart": {"reason": "B"},
    "post_stop": {"scope": "campaign", "key": "{campaign_id}", "reason": "B"},
    "post_resume_sending": {"scope": "campaign", "key": "{campaign_id}", "reason": "B"},
    "post_operator_stop": {"scope": "workspace", "workspace_id": "{session_id}", "reason": "B"},
    "post_operator_resume": {"scope": "workspace", "workspace_id": "{session_id}", "reason": "B"},
    "put_workspace_name": {"name": "B"},
    "put_brand": {"brand_name": "B"},
    "put_sender": {"sender_name": "B", "sender_address": "b@example.com"},
    "put_postal_address": {"postal_address": "1 B Street"},
    "put_time_zone": {"time_zone": "Europe/Berlin"},
    "put_member_role": {"role": "owner"},
    "post_invitation": {"email": "b@example.com", "role": "owner"},
    "post_invitation_acceptance": {"token": "b" * 43},
    "put_onboarding_workspace": {"name": "B", "brand_name": "B", "time_zone": "UTC"},
    "put_onboarding_sender": {
        "sender_name": "B",
        "sender_address": "b@example.com",
        "postal_address": "1 B Street",
    },
    "put_onboarding_domain": {"sending_domain": "example.com"},
    "put_onboarding_volume": {"mails_per_month": 1, "goal": "B"},
    "put_onboarding_contacts": {"source": "import"},
    "post_onboarding_skip": {"step": "contacts"},
}
FILTERS = {"stream_id"}
"""Ids that only narrow what is asked of one's own log."""
LANE = "{sending_domain}/{destination}"
OWN = {"post_import", "post_sending_domain", "post_template", "post_api_key", "post_relay"}
"""Operations that name nothing of anybody: they succeed, in the caller's own workspace."""

FOR_PEOPLE = {
    operation_of(handler)
    for handler in ROUTES
    if {"account", "operator", "people"} & handler.opt.keys()
}
"""Operations that no API key may ask for."""


EXTRA = (
    "delivery:read",
    "delivery:manage",
    "keys:manage",
    "privacy:export",
    "privacy:manage",
    "members:read",
    "workspace:write",
)
"""What the walk's keys may do beyond the usual."""
NUMBERS = ("position", "version")
NAMED_IN_BODY = {"post_campaign", "post_stop", "post_preview"}
"""Operations that name something of the workspace in their body."""
OWN_LOG = {"get_audit", "get_audit_tail"}
"""Operations that show what the walk itself did."""


class Walk(msgspec.Struct):
    """The application, two workspaces, and everything that the first one has."""

    app: Litestar
    client: httpx.Client
    a: House
    b: House
    ids: dict[str, str]

    def operations(self) -> Iterator[tuple[str, str, dict[str, object]]]:
        for path, operations in self.document()["paths"].items():
            for method, operation in operations.items():
                yield method.upper(), path, operation

    def document(self) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
        document: dict[str, dict[str, dict[str, dict[str, object]]]] = self.client.get(
            "/v1/openapi.json"
        ).json()
        return document

    def call(
        self, method: str, path: str, name: str, house: House, ids: dict[str, str]
    ) -> httpx.Response:
        headers = house.headers | {"If-Match": "*"}
        if name == "post_import":
            headers["Content-Type"] = "text/csv"
            return self.client.request(method, path, content="email\n", headers=headers)
        body = BODIES.get(name)
        if body is not None:
            body = {
                field: value.format(**ids) if isinstance(value, str) else value
                for field, value in body.items()
            }
        return self.client.request(method, path.format(**ids), json=body, headers=headers)


@pytest.fixture
def walk(app: Adapters, worker: Adapters, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    monkeypatch.setattr(sse, "LONGEST_S", 0.0)  # a live stream looks once, and ends
    a, b = (found_house(app, name, permissions=EXTRA) for name in (f"{CANARY} house", "House B"))
    application = create_app(app)
    with TestClient(application, raise_server_exceptions=False) as client:
        client.follow_redirects = False
        ids = everything_of(a, client, app, worker)
        yield Walk(application, client, a, b, ids)


def everything_of(
    house: House, client: httpx.Client, app: Adapters, worker: Adapters
) -> dict[str, str]:
    headers = house.headers
    imported = client.post(
        "/v1/contacts/imports", content=CSV, headers=headers | {"Content-Type": "text/csv"}
    ).json()["id"]
    run_imports(worker)
    added = client.post("/v1/templates", json=TEMPLATE, headers=headers).json()
    template = added["id"]
    draft = {"name": f"{CANARY} campaign", "template_id": template}
    campaign = client.post("/v1/campaigns", json=draft, headers=headers).json()["id"]
    export = client.post("/v1/audit/exports", json={"type": CANARY}, headers=headers).json()["id"]
    key = {"name": f"{CANARY} key", "scopes": ["contacts:read"]}
    key_id = client.post("/v1/api-keys", json=key, headers=headers).json()["id"]
    domain = {"domain": f"{CANARY.lower()}.example"}
    domain_id = client.post("/v1/sending-domains", json=domain, headers=headers).json()["id"]
    relay = {"label": f"{CANARY} relay", "host": f"smtp.{CANARY}.example"}
    relay_id = client.post("/v1/relays", json=relay, headers=headers).json()["id"]
    data_export = client.post("/v1/privacy/exports", headers=headers).json()["id"]
    stop = {"scope": "domain", "key": "a.example", "reason": CANARY}
    client.post("/v1/kill-switches/stop", json=stop, headers=headers)
    rate = {"kind": "domain", "key": f"{CANARY}.example", "rate_per_s": 1}
    client.put("/v1/send-rates", json=rate, headers=headers)
    block = f"/v1/delivery/lanes/{CANARY}.example/google/block"
    client.post(block, json={"reason": CANARY}, headers=headers)
    catch_up(worker)
    (contact,) = client.get("/v1/contacts", headers=headers).json()["items"]
    contact_id, message_id = UUID(contact["contact_id"]), new_id()
    sent = EmailSent(
        message_id=message_id,
        campaign_id=UUID(campaign),
        contact_id=contact_id,
        attempt=1,
        relay="r",
        reply=f"250 {CANARY}",
        sending_domain=f"{CANARY}.example",
        destination="google",
    )
    app.log.record([Fact(new_id(), sent)], asking(house.workspace_id))
    catch_up(worker)
    with tenant_scope(worker.pool, house.workspace_id) as cursor:
        cursor.execute(
            "INSERT INTO dead_letters (workspace_id, message_id, campaign_id, contact_id, attempt,"
            " code, status, reason, transcript) VALUES (%s, %s, %s, %s, 1, 550, '5.7.1', %s, %s)",
            (house.workspace_id, message_id, campaign, contact_id, CANARY, CANARY),
        )
    user_id, invitation_id = new_id(), new_id()
    join(app, house.workspace_id, user_id, "owner")
    invited_by_operator(app, house.workspace_id, invitation_id, f"{CANARY}.guest@example.com")
    return {
        "user_id": str(user_id),
        "workspace_id": str(house.workspace_id),
        "viewing_id": str(uuid4()),
        "invitation_id": str(invitation_id),
        "import_id": imported,
        "template_id": template,
        "campaign_id": campaign,
        "contact_id": str(contact_id),
        "message_id": str(message_id),
        "export_id": export,
        "data_export_id": data_export,
        "key_id": key_id,
        "domain_id": domain_id,
        "relay_id": relay_id,
        "sending_domain": "walked.example",
        "destination": "google",
        "session_id": str(uuid4()),
        "position": str(added["position"]),
        "version": "1",
    }


def without_request_id(answer: httpx.Response) -> dict[str, object]:
    problem: dict[str, object] = answer.json()
    del problem["request_id"]
    return problem


def told_apart(foreign: httpx.Response, missing: httpx.Response) -> bool:
    """Tell whether status or words say more of a foreign thing than of a missing one."""
    alike = foreign.status_code == missing.status_code == 404
    return not alike or without_request_id(foreign) != without_request_id(missing)


def undocumented(app: Litestar, paths: dict[str, dict[str, dict[str, object]]]) -> set[str]:
    """Return routes that the document does not have; the interface and its files need none."""
    served = {
        f"{method} {path}"
        for path, handler in api_handlers(app)
        for method in handler.http_methods
        if handler.fn is not get_ui.fn and not path.startswith("/assets/")
    }
    described = {
        f"{method.upper()} {path}" for path, operations in paths.items() for method in operations
    }
    return served ^ described


def test_nothing_of_one_workspace_is_there_for_another(walk: Walk, worker: Adapters) -> None:
    absent = absent_ids(walk)
    asked = 0
    for method, path, operation in walk.operations():
        name = str(operation["operationId"])
        if operation["security"] == []:
            continue
        asked += 1
        foreign = walk.call(method, path, name, walk.b, walk.ids)
        assert CANARY not in foreign.text, (method, path)
        if name in FOR_PEOPLE:
            assert (foreign.status_code, foreign.json()["code"]) == (403, "forbidden"), path
            continue
        # Lanes are named by words: whoever names one decides of their own.
        names_ids = "{" in path.replace(LANE, "") or name in NAMED_IN_BODY
        if not names_ids:
            assert foreign.is_success, (method, path, foreign.text)
            if method == "GET" and name not in OWN_LOG and "items" in foreign.json():
                # Some that the walk itself made.
                has_some = name in {
                    "get_imports", "get_templates", "get_exports", "get_api_keys",
                    "get_data_exports", "get_merge_tags", "get_lanes", "get_relays",
                }  # fmt: skip
                assert foreign.json()["items"] == [] or has_some, (path, foreign.text)
            continue
        missing = walk.call(method, path, name, walk.b, absent)
        assert not told_apart(foreign, missing), (path, foreign.text, missing.text)
    assert asked == sum(not handler.opt.get("public") for handler in ROUTES)
    catch_up(worker)
    own = {"campaign": "/v1/campaigns/{campaign_id}", "contact": "/v1/contacts/{contact_id}"}
    seen = {
        name: walk.client.get(path.format(**walk.ids), headers=walk.a.headers).json()["status"]
        for name, path in own.items()
    }
    assert seen == {"campaign": "draft", "contact": "subscribed"}


@pytest.mark.parametrize(
    "refusal",
    [
        RefusalError("forbidden", "that is not yours"),
        RefusalError("not_found", "this contact is of another workspace"),
    ],
)
def test_a_planted_route_that_tells_a_foreign_thing_from_a_missing_one_is_found(
    app: Adapters, refusal: RefusalError
) -> None:
    house, foreign, missing = found_house(app), uuid4(), uuid4()

    @get("/v1/planted/{contact_id:uuid}", sync_to_thread=False, opt={"permission": "contacts:read"})
    def get_planted(contact_id: FromPath[UUID]) -> str:
        raise refusal if contact_id == foreign else not_found()

    with TestClient(create_app(app, routes=[*ROUTES, get_planted])) as client:
        answers = [
            client.get(f"/v1/planted/{contact_id}", headers=house.headers)
            for contact_id in (foreign, missing)
        ]
    assert told_apart(*answers)
    assert not told_apart(answers[1], answers[1])


def absent_ids(walk: Walk) -> dict[str, str]:
    """Return ids of nothing, shaped as those of the other workspace."""
    names = {"sending_domain": "absent.example", "destination": "yahoo"}
    ids = {
        name: str(uuid4()) if "-" in identity else str(int(identity) + 1_000)
        for name, identity in walk.ids.items()
        if name not in names
    }
    return ids | names


def test_every_place_for_an_id_is_known_to_the_walk(walk: Walk) -> None:
    """A new route needs its ids in `everything_of`, and its body in BODIES."""
    schemas: Any = walk.document()["components"]["schemas"]
    for method, path, operation in walk.operations():
        name: Any = operation["operationId"]
        if operation["security"] == []:
            continue
        assert set(re.findall(r"{(\w+)}", path)) <= walk.ids.keys(), path
        content: Any = operation.get("requestBody", {}).get("content", {})  # type: ignore[attr-defined] # JSON
        if "application/json" in content:
            body = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
            assert name in BODIES, f"{method} {path}"
            slots = {f for f, field in body["properties"].items() if "uuid" in str(field)}
            tried = {f for f, value in BODIES[name].items() if "{" in str(value)}
            assert slots - FILTERS <= tried, (path, slots)


def test_no_query_of_another_workspace_finds_anything(walk: Walk) -> None:
    """Each id of A in each query parameter, as B: the same as an id of nothing."""
    absent = absent_ids(walk)
    for method, path, operation in walk.operations():
        name = str(operation["operationId"])
        if method != "GET" or operation["security"] == [] or "{" in path:
            continue
        parameters: Any = operation.get("parameters", [])
        for slot in (p["name"] for p in parameters if p["in"] == "query"):
            for kind, foreign in walk.ids.items() - {(n, walk.ids[n]) for n in NUMBERS}:
                url = f"{path}?{slot}="
                one = walk.call(method, url + foreign, name, walk.b, {})
                other = walk.call(method, url + absent[kind], name, walk.b, {})
                assert CANARY not in one.text, url
                assert one.status_code == other.status_code, (url, one.text, other.text)
                assert one.status_code < 500, url


def test_headers_of_another_workspace_open_nothing(walk: Walk) -> None:
    template = TEMPLATE | {"name": "B", "subject": "B", "html": "<p>B</p>"}
    key = {"Idempotency-Key": f"{CANARY}-1", "X-Request-Id": str(uuid4())}
    ids = [
        walk.client.post("/v1/templates", json=template, headers=house.headers | key).json()["id"]
        for house in (walk.a, walk.b, walk.a)
    ]
    assert ids[0] == ids[2] != ids[1]
    of_a = {"request_id": key["X-Request-Id"]}
    lines = walk.client.get("/v1/audit", params=of_a, headers=walk.b.headers).json()["items"]
    assert {line["object_id"] for line in lines} <= {ids[1]}
    page = {"limit": "1"}
    for path in ("/v1/templates", "/v1/audit", "/v1/api-keys"):
        cursor = walk.client.get(path, params=page, headers=walk.a.headers).json()["next"]
        if cursor is None:
            continue
        used = page | {"cursor": cursor}
        answer = walk.client.get(path, params=used, headers=walk.b.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor"), path
        assert walk.client.get(path, params=used, headers=walk.a.headers).is_success
    from_a = walk.b.headers | {"Last-Event-ID": "0"}
    tail = walk.client.get("/v1/audit/tail", headers=from_a)
    assert tail.is_success
    assert CANARY not in tail.text
    assert walk.ids["message_id"] not in tail.text


def test_the_owner_sees_what_the_walk_looks_for(walk: Walk) -> None:
    """The canary is everywhere, or the walk above would prove nothing."""
    silent = {
        "get_suppressions", "get_stats", "get_audit", "get_checkpoints", "get_verification",
        "get_audit_tail",
        "get_import", "get_imports",
        "get_erasure", "get_erasure_preview", "get_trash", "get_consents", "get_retention",
        "get_data_exports", "get_data_export",
        "get_members", "get_onboarding", "get_viewings", "get_uncertain", "get_explanation",
        "get_campaign_pulse", "get_campaign_live", "get_soft_bounce_policy",
        "get_merge_tags", "get_contact_facets", "get_import_preview", "get_import_review",
        "get_contact_events", "get_delivery_mode", "get_in_flight_bounds",
    }  # fmt: skip
    unseen = []
    for method, path, operation in walk.operations():
        name = str(operation["operationId"])
        if method == "GET" and operation["security"] != [] and name not in silent | FOR_PEOPLE:
            answer = walk.call(method, path, name, walk.a, walk.ids)
            if answer.status_code != httpx.codes.OK or CANARY not in answer.text:
                unseen.append((name, answer.status_code, answer.text[:200]))
    assert unseen == []


def test_without_a_token_nothing_is_answered(walk: Walk) -> None:
    for method, path, operation in walk.operations():
        if operation["security"] != []:
            answer = walk.client.request(method, path.format(**walk.ids))
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path


def test_every_route_is_documented(walk: Walk) -> None:
    assert undocumented(walk.app, walk.document()["paths"]) == set()


def test_an_undocumented_route_is_found(app: Adapters) -> None:
    @get("/v1/hidden", sync_to_thread=False, opt={"public": True}, include_in_schema=False)
    def get_hidden() -> str:
        return "x"

    application = create_app(app, routes=[*ROUTES, get_hidden])
    with TestClient(application) as client:
        paths = client.get("/v1/openapi.json").json()["paths"]
    assert undocumented(application, paths) == {"GET /v1/hidden"}


@pytest.mark.parametrize(
    "opt",
    [{}, {"permission": "everything"}, {"permission": "contacts:read", "public": True}],
)
def test_the_app_refuses_to_start_with_an_undeclared_route(
    app: Adapters, opt: dict[str, object]
) -> None:
    @get("/v1/open", sync_to_thread=False, opt=opt)
    def get_open() -> str:
        return "x"

    with pytest.raises(UndeclaredRouteError, match="/v1/open"):
        create_app(app, routes=[*ROUTES, get_open])
