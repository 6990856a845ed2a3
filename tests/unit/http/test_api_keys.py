"""Where a key is used from, and what it may do."""

from uuid import uuid4

import pytest

from domain.developer.scopes import USUAL
from infra.postgres.token_lookup import TokenOwner
from read_api.edge.api_keys import client_address, permissions_of


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("testclient", None),
        (None, None),
    ],
)
def test_the_address_is_one_that_networks_can_hold(host: str | None, address: str | None) -> None:
    assert client_address(host) == address


def owner(scopes: list[str] | None, *permissions: str) -> TokenOwner:
    return TokenOwner(uuid4(), uuid4(), permissions, scopes, False, True, False)


def test_scopes_are_all_and_a_token_without_them_has_the_usual_and_its_own() -> None:
    assert permissions_of(owner(["contacts:read", "no:more"])) == {"contacts:read"}
    assert permissions_of(owner(None, "personal:open", "no:more")) == USUAL | {"personal:open"}
