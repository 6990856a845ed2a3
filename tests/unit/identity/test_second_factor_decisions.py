"""A second factor counts once a code of it was entered; a recovery code is good once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.identity.events import (
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorConfirmed,
    SecondFactorEnrolled,
    SecondFactorRemoved,
)
from domain.identity.second_factor import (
    RECENT,
    SECOND_FACTOR,
    SignInAgainError,
    WrongCodeError,
    confirm,
    enrol,
    remove,
    renew_recovery_codes,
    require_recent,
    second_factor_id,
    use_recovery_code,
)
from domain.shared.errors import IllegalTransitionError
from tests.support.scenario import Scenario

ADA = uuid4()
ENROLLED = SecondFactorEnrolled(user_id=ADA, secret="S")
CONFIRMED = SecondFactorConfirmed(user_id=ADA, recovery_codes=("a", "b"))


def factor() -> "Scenario[object, object]":
    return Scenario(SECOND_FACTOR)  # type: ignore[type-var, arg-type]


def test_it_is_shown_then_confirmed() -> None:
    state = factor().when(lambda f: enrol(f, user_id=ADA, secret="S")).then(ENROLLED)
    assert (state.enrolled, state.confirmed) == (True, False)
    state = (
        factor()
        .given(ENROLLED)
        .when(lambda f: confirm(f, user_id=ADA, recovery_codes=("a", "b")))
        .then(CONFIRMED)
    )
    assert (state.confirmed, state.recovery_codes) == (True, {"a", "b"})


def test_another_secret_may_be_shown_before_but_not_after() -> None:
    again = SecondFactorEnrolled(user_id=ADA, secret="T")
    factor().given(ENROLLED).when(lambda f: enrol(f, user_id=ADA, secret="T")).then(again)
    factor().given(ENROLLED, CONFIRMED).when(lambda f: enrol(f, user_id=ADA, secret="T")).refused(
        IllegalTransitionError, "remove it"
    )


@pytest.mark.parametrize("past", [(), (ENROLLED, CONFIRMED)])
def test_only_what_was_shown_is_confirmed(past: tuple[object, ...]) -> None:
    factor().given(*past).when(lambda f: confirm(f, user_id=ADA, recovery_codes=())).refused(
        IllegalTransitionError, "nothing to confirm"
    )


def test_a_recovery_code_is_good_once() -> None:
    used = RecoveryCodeUsed(user_id=ADA, recovery_code="a")
    past = factor().given(ENROLLED, CONFIRMED)
    past.when(lambda f: use_recovery_code(f, user_id=ADA, recovery_code="a")).then(used)
    past.given(used).when(lambda f: use_recovery_code(f, user_id=ADA, recovery_code="a")).refused(
        WrongCodeError, "wrong or was used"
    )
    past.when(lambda f: use_recovery_code(f, user_id=ADA, recovery_code="c")).refused(
        WrongCodeError, "wrong or was used"
    )


def test_new_recovery_codes_end_the_old() -> None:
    renewed = RecoveryCodesRenewed(user_id=ADA, recovery_codes=("c",))
    past = factor().given(ENROLLED, CONFIRMED)
    state = past.when(lambda f: renew_recovery_codes(f, user_id=ADA, recovery_codes=("c",))).then(
        renewed
    )
    assert state.recovery_codes == {"c"}
    factor().given(ENROLLED).when(
        lambda f: renew_recovery_codes(f, user_id=ADA, recovery_codes=("c",))
    ).refused(IllegalTransitionError, "add one first")


def test_a_removed_factor_leaves_nothing() -> None:
    removed = SecondFactorRemoved(user_id=ADA)
    past = factor().given(ENROLLED, CONFIRMED)
    state = past.when(lambda f: remove(f, user_id=ADA)).then(removed)
    assert state == SECOND_FACTOR.initial
    past.given(removed).when(lambda f: remove(f, user_id=ADA)).then()


def test_a_change_needs_a_sign_in_of_the_last_five_minutes() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    require_recent(authenticated_at=now - RECENT, now=now)
    with pytest.raises(SignInAgainError, match="sign in again"):
        require_recent(authenticated_at=now - RECENT - timedelta(seconds=1), now=now)


def test_the_stream_is_the_persons_own() -> None:
    assert second_factor_id(ADA) == second_factor_id(ADA) != second_factor_id(uuid4())
