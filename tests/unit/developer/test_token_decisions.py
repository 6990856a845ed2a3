"""The life of an API token."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import msgspec
import pytest

from domain.developer import decider
from domain.developer.decider import API_TOKEN, ApiToken
from domain.developer.events import ApiTokenIssued, ApiTokenRevoked, DeveloperEvent
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from tests.support.scenario import Scenario

ID = uuid4()
ISSUED = ApiTokenIssued(token_id=ID, name="shop", sha256="ab")
TOKEN = API_TOKEN.fold([ISSUED])
REVOKED = ApiTokenRevoked(token_id=ID)


def issue(name: str = "shop") -> Callable[[ApiToken], Sequence[DeveloperEvent]]:
    return lambda token: decider.issue(token, token_id=ID, name=name, sha256="ab")


def revoke(token: ApiToken) -> Sequence[DeveloperEvent]:
    return decider.revoke(token, token_id=ID)


def test_a_token_is_issued_to_somebody_with_a_name() -> None:
    assert Scenario(API_TOKEN).when(issue(" shop ")).then(ISSUED) == TOKEN
    Scenario(API_TOKEN).when(issue(" ")).refused(InvalidInputError, "pass a `name`")


@pytest.mark.parametrize("past", [(ISSUED,), (ISSUED, REVOKED)])
def test_a_token_is_issued_once_even_when_it_was_revoked(
    past: tuple[DeveloperEvent, ...],
) -> None:
    Scenario(API_TOKEN).given(*past).when(issue()).refused(IllegalTransitionError, "exists already")


def test_a_token_is_revoked_once() -> None:
    after = Scenario(API_TOKEN).given(ISSUED).when(revoke).then(REVOKED)
    assert after == msgspec.structs.replace(TOKEN, revoked=True)
    Scenario(API_TOKEN).given(ISSUED, REVOKED).when(revoke).then()


def test_a_token_that_was_never_issued_cannot_be_revoked() -> None:
    Scenario(API_TOKEN).when(revoke).refused(NotFoundError, "no such token")
