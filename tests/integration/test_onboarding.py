"""Onboarding by the API: steps are saved one by one, skipped, taken up again; samples arrive."""

from uuid import UUID

import httpx
import pytest

from infra.bootstrap import Adapters
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration


def put(client: httpx.Client, house: House, step: str, body: dict[str, object]) -> None:
    answer = client.put(f"/v1/onboarding/{step}", json=body, headers=house.headers)
    assert answer.status_code == 202, answer.text


def test_a_workspace_is_asked_step_by_step(app: Adapters, worker: Adapters) -> None:
    house = found_house(app, permissions=("workspace:write",))
    with serving(app) as client:

        def seen() -> tuple[dict[str, str], str | None]:
            catch_up(worker)
            answer = client.get("/v1/onboarding", headers=house.headers).json()
            return {one["step"]: one["state"] for one in answer["steps"]}, answer["next"]

        states, following = seen()
        assert (set(states.values()), following) == ({"open"}, "workspace")
        put(
            client,
            house,
            "workspace",
            {"name": "Acme", "brand_name": "Acme!", "time_zone": "Europe/Berlin"},
        )
        skipped = client.post("/v1/onboarding/skip", json={"step": "sender"}, headers=house.headers)
        assert skipped.status_code == 202
        put(client, house, "sending_domain", {"sending_domain": "acme.example"})
        put(client, house, "volume_and_goal", {"mails_per_month": 5000, "goal": "newsletter"})
        assert seen()[1] == "contacts"
        for _ in range(2):
            put(client, house, "contacts", {"source": "sample"})
        run_imports(worker)
        states, following = seen()
        assert (states["sender"], following) == ("skipped", "sender")
        sender = {"sender_name": "A", "sender_address": "a@acme.example", "postal_address": "1 A"}
        put(client, house, "sender", sender)
        assert seen() == (dict.fromkeys(states, "answered"), None)
        here = client.get("/v1/workspace", headers=house.headers).json()
        assert here | sender == here
        assert (here["brand_name"], here["time_zone"]) == ("Acme!", "Europe/Berlin")
        people = client.get("/v1/contacts", headers=house.headers).json()["items"]
        templates = client.get("/v1/templates", headers=house.headers).json()["items"]
        assert (len(people), len(templates)) == (6, 1)
        assert templates[0]["warnings"] == []
        assert UUID(templates[0]["template_id"]).version == 8
