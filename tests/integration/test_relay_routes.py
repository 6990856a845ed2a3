"""Relays over HTTP and at the shell: added, changed, checked, paused, and their secrets kept."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.bootstrap import Adapters
from tests.integration.test_relays import CLOSED_PORT, relays_of, run_dispatchers
from tests.support.cli import Engine, environment
from tests.support.counting_sink import counting_sink
from tests.support.http_client import House, found_house, serving

pytestmark = pytest.mark.integration
SECRET = {"username": "canary-user", "password": "canary-word"}


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app, permissions=("delivery:read", "delivery:manage"))


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


def asked(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def shown(client: httpx.Client, relay_id: str) -> Any:
    return client.get(f"/v1/relays/{relay_id}").json()


def test_a_relay_is_added_changed_paused_and_removed(client: httpx.Client) -> None:
    assert client.get("/v1/relays").json()["mail_goes_through"] == "settings"
    new = {"label": "Ours", "host": "smtp.acme.example", "credentials": SECRET}
    path = f"/v1/relays/{asked(client.post('/v1/relays', json=new))}"
    assert client.get("/v1/relays").json()["mail_goes_through"] == "own"
    asked(client.put(path, json={"label": "Ours", "rate_per_s": 5, "weight": 3}))
    asked(client.post(f"{path}/pause"))
    (relay,) = client.get("/v1/relays").json()["items"]
    assert (relay["rate_per_s"], relay["weight"], relay["paused"]) == (5, 3, True)
    assert (relay["has_credentials"], relay["breaker"]) == (True, "closed")
    assert client.get("/v1/relays").json()["mail_goes_through"] == "settings"
    asked(client.post(f"{path}/resume"))
    asked(client.delete(f"{path}/credentials"))
    relay = client.get(path).json()
    assert (relay["paused"], relay["has_credentials"]) == (False, False)
    asked(client.delete(path))
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/check").status_code == 404


def test_what_is_wrong_is_refused_with_what_to_do(client: httpx.Client) -> None:
    plain = {"label": "Ours", "host": "smtp.acme.example", "tls": "may", "credentials": SECRET}
    refused = client.post("/v1/relays", json=plain)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert "require or implicit" in refused.json()["detail"]
    relay_id = asked(client.post("/v1/relays", json=plain | {"credentials": None}))
    refused = client.put(f"/v1/relays/{relay_id}/credentials", json=SECRET)
    assert "require or implicit" in refused.json()["detail"]


def test_credentials_are_sealed_anew_and_the_http_process_cannot_read_them(
    client: httpx.Client, app: Adapters, worker: Adapters, house: House
) -> None:
    new = {"label": "Ours", "host": "smtp.acme.example", "credentials": SECRET}
    relay_id = asked(client.post("/v1/relays", json=new))
    other = SECRET | {"password": "canary-other"}
    answer = client.put(f"/v1/relays/{relay_id}/credentials", json=other)
    assert "canary" not in answer.text + client.get("/v1/relays").text
    relays = relays_of(worker)
    (known,) = relays.known([house.workspace_id])
    opened = relays.credentials(known)
    assert opened is not None
    assert (opened.password, known.version) == ("canary-other", 2)
    with pytest.raises(Exception, match="permission denied"):
        relays_of(app).known([house.workspace_id])


def test_a_check_says_what_failed_and_what_to_do(client: httpx.Client, worker: Adapters) -> None:
    cli = Engine(environment(worker.settings))
    with counting_sink() as sink:
        found = {}
        for name, port, tls in (
            ("well", sink.port, "may"), ("no_tls", sink.port, "require"),
            ("away", CLOSED_PORT, "may"),
        ):  # fmt: skip
            added = cli.json("relays", "add", "127.0.0.1", "--port", str(port), "--tls", tls)
            cli.do("relays", "check", added["relay_id"])
            found[added["relay_id"]] = name
        new = {"label": "Ours", "host": "127.0.0.1", "port": sink.port, "tls": "may"}
        own = asked(client.post("/v1/relays", json=new))
        asked(client.post(f"/v1/relays/{own}/check"))
        assert shown(client, own)["check"]["waiting"] is True
        run_dispatchers(worker, lambda: not relays_of(worker).to_check())
    check = shown(client, own)["check"]
    assert (check["ok"], check["failed_step"]) == (False, "connect")
    assert (check["reason"], "public addresses" in check["advice"]) == ("host_not_public", True)
    listed = {found[one["relay_id"]]: one["check"] for one in cli.json("relays", "list")}
    assert listed["well"] == "well"
    assert listed["no_tls"].startswith("encrypt failed (tls_not_offered): the server offers no")
    assert listed["away"].startswith("connect failed (connect_failed): ")


def test_the_shell_changes_what_http_changes(worker: Adapters) -> None:
    cli = Engine(environment(worker.settings))
    relay_id = cli.json("relays", "add", "smtp.example.com")["relay_id"]
    cli.do("relays", "change", relay_id, "--weight", "4", "--takes", "transactional")
    cli.do("relays", "pause", relay_id)
    (relay,) = cli.json("relays", "list")
    assert (relay["weight"], relay["takes"], relay["enabled"]) == (4, "transactional", False)
    cli.do("relays", "resume", relay_id)
    cli.do("relays", "credentials", relay_id, "--username", "u", "--password-file", "/dev/null")
    assert cli.json("relays", "list")[0]["enabled"] is True
    cli.do("relays", "remove", relay_id)
    assert cli.json("relays", "list") == []
