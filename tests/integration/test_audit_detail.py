"""One line of the audit log: what it changed, before and after, and what stays sealed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.developer.decider import API_TOKEN
from domain.developer.events import ApiTokenRotated, DeveloperEvent
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.accounts import PostgresAccounts
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.accounts import signed_up
from tests.support.asking import asking
from tests.support.builders import contact_imported, email_sent, fact
from tests.support.erasing import erase
from tests.support.http_client import House, found_house, issued_token, serving
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

TOMORROW = datetime.now(UTC) + timedelta(days=1)
ADDRESS = "ann@example.com"


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app, permissions=("personal:open",))


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as client:
        yield client


def line_of(client: httpx.Client, house: House, type_: str) -> dict[str, Any]:
    items = client.get("/v1/audit", params={"type": type_}, headers=house.headers).json()["items"]
    answer = client.get(f"/v1/audit/{items[0]['position']}", headers=house.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert {name: found[name] for name in items[0]} == items[0]
    return found


def changes(event: dict[str, Any]) -> dict[str, tuple[object, object, object]]:
    return {c["field"]: (c["before"], c["after"], c["personal"]) for c in event["changes"]}


def _whatever_was(event: ApiTokenRotated, _: object) -> list[DeveloperEvent]:
    return [event]


def test_a_decision_shows_what_was_said_before_and_by_whom(
    client: httpx.Client, house: House, app: Adapters, worker: Adapters
) -> None:
    template = {"name": "T", "subject": "S", "html": "<p>x</p>"}
    assert client.post("/v1/templates", json=template, headers=house.headers).is_success
    catch_up(worker)
    added = line_of(client, house, "content.template_added")
    assert added["actor_name"] == "test"  # as the key was called when it was issued
    assert added["shown"][0]["before_tag"] is None
    assert changes(added["shown"][0])["name"] == (None, "T", None)
    token_id = UUID(added["actor"].removeprefix("token:"))
    for prefix in ("ee_live_one", "ee_live_two"):
        rotated = ApiTokenRotated(
            token_id=token_id, sha256="0" * 64, prefix=prefix, old_ends_at=TOMORROW
        )
        decision = partial(_whatever_was, rotated)
        app.log.decide(API_TOKEN, token_id, decision, asking(house.workspace_id))
    catch_up(worker)
    (event,) = line_of(client, house, "developer.api_token_rotated")["shown"]
    assert event["before_tag"] == "developer.api_token_rotated.v1"
    assert changes(event)["prefix"] == ("ee_live_one", "ee_live_two", None)


def test_personal_fields_are_sealed_opened_or_erased(
    client: httpx.Client, house: House, app: Adapters, worker: Adapters
) -> None:
    contact_id = new_id()
    app.log.record(
        [fact(contact_imported(contact_id, email=ADDRESS)), fact(contact_imported(new_id()))],
        asking(house.workspace_id),
    )
    catch_up(worker)
    opened = line_of(client, house, "contacts.contact_imported")
    assert [event["tag"] for event in opened["shown"]] == ["contacts.contact_imported.v1"] * 2
    assert changes(opened["shown"][0])["email"] == (None, ADDRESS, "opened")
    plain = House(house.workspace_id, issued_token(app, house.workspace_id))
    sealed = line_of(client, plain, "contacts.contact_imported")
    assert changes(sealed["shown"][0])["email"] == (None, None, "sealed")
    assert ADDRESS not in str(sealed)
    erase(app, house.workspace_id, contact_id)
    erased = line_of(client, house, "contacts.contact_imported")
    assert changes(erased["shown"][0])["email"] == (None, None, "erased")
    assert changes(erased["shown"][1])["email"][2] == "opened"


def test_a_line_shows_its_own_events_and_not_those_of_its_neighbours(
    client: httpx.Client, house: House, app: Adapters, worker: Adapters
) -> None:
    one, two = new_id(), new_id()
    sent = [email_sent(campaign, new_id()) for _ in range(15) for campaign in (one, two)]
    app.log.record([fact(event) for event in sent], asking(house.workspace_id))
    catch_up(worker)
    line = line_of(client, house, "delivery.email_sent")
    assert (line["events"], line["object_id"], len(line["shown"])) == (15, str(two), 15)
    assert all(changes(e)["campaign_id"][1] == str(two) for e in line["shown"])
    for wrong in (line["position"] + 1, 0, 2**62 + 1, 10**30):
        answer = client.get(f"/v1/audit/{wrong}", headers=house.headers)
        assert answer.status_code == 404, wrong


def test_people_are_named_to_who_may_see_members_and_only_until_they_go(
    client: httpx.Client, app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house = found_house(app, permissions=("members:read",))
    person = signed_up(client, worker, "owner@example.com")
    context = asking(house.workspace_id, actor=f"user:{person.user_id}")
    app.log.record([fact(contact_imported(new_id()))], context)
    catch_up(worker)
    assert line_of(client, house, "contacts")["actor_name"] == "owner@example.com"
    plain = House(house.workspace_id, issued_token(app, house.workspace_id))
    assert line_of(client, plain, "contacts")["actor_name"] is None
    accounts = PostgresAccounts(app.pool, app.vault, settings.secret_key)
    with tenant_scope(app.pool, PLATFORM) as cursor:
        accounts.removed(person.user_id).apply(cursor)
    accounts.forget(person.user_id)
    assert line_of(client, house, "contacts")["actor_name"] == "erased"
