"""`engine keys`: from the first key to its end, without a worker."""

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.http_client import found_house
from tests.support.working import catch_up

pytestmark = pytest.mark.e2e


def test_keys_are_created_listed_rotated_and_revoked(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house = found_house(app)
    catch_up(worker)
    engine = Engine({**environment(settings), "ENGINE_WORKSPACE": str(house.workspace_id)})
    scopes = ("--scope", "contacts:read", "--test", "--network", "10.0.0.0/8")
    made = engine.json("keys", "create", "--name", "shop", "--expires-days", "3", *scopes)
    assert made["secret"].startswith("ee_test_")
    turned = engine.do("keys", "rotate", made["key"]).out
    assert "ee_test_" in turned
    assert made["secret"] not in turned
    engine.do("keys", "revoke", made["key"])
    key = engine.json("keys", "list")[-1]
    assert (key["name"], key["kind"], key["state"]) == ("shop", "test", "revoked")
    assert (key["scopes"], key["networks"]) == (["contacts:read"], ["10.0.0.0/8"])
    assert "revoked or expired" in engine.refused("keys", "rotate", made["key"])
