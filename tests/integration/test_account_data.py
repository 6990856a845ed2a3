"""Who has an account gets all that is held of it, and nothing of anybody else."""

import pytest

from infra.bootstrap import Adapters
from tests.support.accounts import join, mailed, sign_in, signed_up
from tests.support.http_client import found_house, serving

pytestmark = pytest.mark.integration


def test_an_account_gets_its_own_data_and_nobody_elses(app: Adapters, worker: Adapters) -> None:
    house = found_house(app)
    with serving(app) as client:
        mailed(worker)
        ann, bob = (signed_up(client, worker, f"{who}@example.com") for who in ("ann", "bob"))
        sign_in(client, "ann@example.com")
        join(app, house.workspace_id, ann.user_id, "viewer")
        answer = client.get("/v1/me/data", headers=ann.headers)
        others = client.get("/v1/me/data", headers=bob.headers)
        assert client.get("/v1/me/data", headers=house.headers).status_code == 403
    data = answer.json()
    assert (data["email"], data["account"]["user_id"]) == ("ann@example.com", str(ann.user_id))
    assert [m["role"] for m in data["memberships"]] == ["viewer"]
    assert len(data["sessions"]) == 2
    assert "identity.account_registered.v1" in {fact["type"] for fact in data["log"]}
    for secret in ("argon2", "bob@example.com", str(bob.user_id), ann.refresh_token):
        assert secret not in answer.text
    assert "ann@example.com" not in others.text
