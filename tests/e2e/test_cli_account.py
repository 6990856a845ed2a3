"""`engine account`: an installation's first person gets in without any mail."""

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.accounts import PASSWORD, sign_in, token_of
from tests.support.cli import Engine, environment
from tests.support.http_client import serving

pytestmark = pytest.mark.e2e

EMAIL = "first@example.com"


def test_the_first_account_is_opened_locked_out_and_let_in_again(
    app: Adapters, settings: Settings
) -> None:
    engine = Engine(environment(settings))
    made = engine.json("account", "create", EMAIL)
    assert "has an account already" in engine.refused("account", "create", EMAIL.upper())
    with serving(app) as client:

        def redeem(link: str) -> int:
            body = {"token": token_of(link), "password": PASSWORD}
            return client.post("/v1/password-resets/redemption", json=body).status_code

        assert sign_in(client, EMAIL).status_code == 401, "there is no password yet"
        assert [redeem(made["link"]), redeem(made["link"])] == [200, 401]
        assert sign_in(client, EMAIL).json()["user_id"] == made["user_id"]
        engine.do("account", "disable", EMAIL, "--reason", "left the company")
        assert sign_in(client, EMAIL).status_code == 401
        (row,) = [row for row in engine.json("account", "list") if row["email"] == EMAIL]
        assert (row["user_id"], row["disabled"], row["verified"]) == (made["user_id"], True, True)
        engine.do("account", "enable", made["user_id"])
        assert sign_in(client, EMAIL).status_code == 200
        assert redeem(engine.json("account", "reset-link", EMAIL)["link"]) == 200
    assert "no such account" in engine.refused("account", "reset-link", "nobody@example.com")
