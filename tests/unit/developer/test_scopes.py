"""Nobody hands on more than he has: scopes, life, networks, and test keys stay test keys."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.developer.scopes import (
    MOST_NETWORKS,
    MOST_SCOPES,
    Grant,
    Issuer,
    checked_grant,
    require_within,
)
from domain.shared.errors import InvalidInputError, PermissionMissingError
from tests.support.builders import NOW

READ = ("contacts:read",)
LATER = NOW + timedelta(days=1)


def a_grant(
    *,
    scopes: tuple[str, ...] = READ,
    test: bool = False,
    days: float | None = None,
    networks: tuple[str, ...] = (),
) -> Grant:
    expires = None if days is None else NOW + timedelta(days=days)
    return Grant(scopes=scopes, test=test, expires_at=expires, networks=networks)


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        (a_grant(scopes=()), "scopes"),
        (a_grant(scopes=tuple(map(str, range(MOST_SCOPES + 1)))), "scopes"),
        (a_grant(days=0), "expires_at"),
        (a_grant(networks=("10.0.0.0/8",) * (MOST_NETWORKS + 1)), "networks"),
        (a_grant(networks=("10.0.0.1/8",)), "no network"),
        (a_grant(networks=("everywhere",)), "no network"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(grant: Grant, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        checked_grant(grant, now=NOW)


def test_a_grant_is_written_in_one_spelling() -> None:
    given_ = a_grant(scopes=("b", "a", "b"), networks=("10.1.2.3", "10.1.2.3/32", "2001:DB8::/32"))
    checked = checked_grant(given_, now=NOW)
    assert (checked.scopes, checked.networks) == (("a", "b"), ("10.1.2.3/32", "2001:db8::/32"))


BOUNDS = [
    (a_grant(), a_grant(test=True, days=1, networks=("10.0.0.0/8",)), None),
    (a_grant(test=True), a_grant(test=True), None),
    (a_grant(test=True), a_grant(), "test keys"),
    (a_grant(days=1), a_grant(days=1), None),
    (a_grant(days=1), a_grant(days=1.1), "outlives"),
    (a_grant(days=1), a_grant(), "outlives"),
    (a_grant(networks=("10.0.0.0/8",)), a_grant(networks=("10.2.0.0/16", "10.3.0.1/32")), None),
    (a_grant(networks=("10.0.0.0/8",)), a_grant(), "more networks"),
    (a_grant(networks=("10.0.0.0/8",)), a_grant(networks=("11.0.0.0/16",)), "more networks"),
    (a_grant(networks=("10.0.0.0/8",)), a_grant(networks=("::/0",)), "more networks"),
    (a_grant(networks=("2001:db8::/32",)), a_grant(networks=("2001:db8:1::/48",)), None),
    (a_grant(networks=("2001:db8::/32",)), a_grant(networks=("10.0.0.0/8",)), "more networks"),
]


@pytest.mark.parametrize(("own", "wanted", "told"), BOUNDS)
def test_a_key_hands_on_no_more_than_its_own(own: Grant, wanted: Grant, told: str | None) -> None:
    issuer = Issuer(permissions=frozenset(READ), bounds=own)
    if told is None:
        require_within(wanted, issuer)
        return
    with pytest.raises(PermissionMissingError, match=told):
        require_within(wanted, issuer)


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_scopes_are_handed_on_only_by_whoever_has_them(own: set[str], wanted: set[str]) -> None:
    issuer = Issuer(permissions=frozenset(own))
    grant = a_grant(scopes=tuple(wanted))
    if wanted <= own:
        require_within(grant, issuer)
        return
    with pytest.raises(PermissionMissingError, match="hand on"):
        require_within(grant, issuer)
