"""`engine workspace invite` and `engine operator`: the first owner, and who looks after it all."""

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.accounts import mailed, signed_up, token_of
from tests.support.cli import Engine, environment
from tests.support.http_client import found_house, serving
from tests.support.working import catch_up

pytestmark = pytest.mark.e2e


def test_the_first_owner_is_invited_and_an_operator_comes_and_goes(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house = found_house(app)
    catch_up(worker)
    engine = Engine({**environment(settings), "ENGINE_WORKSPACE": str(house.workspace_id)})
    with serving(app) as client:
        ann = signed_up(client, worker, "ann@example.com")
        assert "invitation_id" in engine.json("workspace", "invite", "ann@example.com")
        ((_, _, link),) = mailed(worker)
        body = {"token": token_of(link)}
        joined = client.post("/v1/invitations/accept", json=body, headers=ann.headers)
        assert joined.json()["id"] == str(house.workspace_id)
        (own,) = client.get("/v1/workspaces", headers=ann.headers).json()["items"]
        assert own["role"] == "owner"
        engine.do("operator", "grant", "ann@example.com")
        assert engine.json("operator", "list") == [{"user_id": str(ann.user_id)}]
        assert client.get("/v1/me", headers=ann.headers).json()["operator"] is True
        engine.do("operator", "revoke", "ann@example.com")
        assert engine.json("operator", "list") == []
    assert "no account" in engine.refused("operator", "grant", "nobody@example.com")
