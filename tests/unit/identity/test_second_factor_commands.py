"""A second factor is added, proved, renewed and removed by its commands."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pyotp
import pytest

from commands.identity.answer_challenge import AnswerChallenge, answer_challenge
from commands.identity.begin_session import OpenedSession
from commands.identity.confirm_second_factor import ConfirmSecondFactor, confirm_second_factor
from commands.identity.enrol_second_factor import EnrolSecondFactor, enrol_second_factor
from commands.identity.ports import Purpose, TokenRefusedError
from commands.identity.prove_second_factor import ProveSecondFactor, prove_second_factor
from commands.identity.remove_second_factor import RemoveSecondFactor, remove_second_factor
from commands.identity.renew_recovery_codes import RenewRecoveryCodes, renew_recovery_codes
from commands.ports import Grant
from domain.identity.second_factor import (
    SECOND_FACTOR,
    SignInAgainError,
    TooManyCodesError,
    WrongCodeError,
    second_factor_id,
)
from domain.shared.context import Context
from domain.shared.errors import NotFoundError, SecretShownError
from domain.shared.platform import PLATFORM
from infra.crypto.totp import TotpCodes
from infra.settings import Secret
from tests.support.asking import asking
from tests.support.memory_identity import ApplyingLog, MemoryHouse
from tests.support.memory_ports import Said

CODES = TotpCodes(Secret("a-secret-of-the-installation-123456"))
STEP = timedelta(seconds=30)


class MemoryFactors:
    """The port `SecondFactors`; what effects say is done at once."""

    def __init__(self) -> None:
        self.kept: dict[UUID, str] = {}
        self.last_step: dict[UUID, int] = {}

    def enrol(self, user_id: UUID, secret: str) -> Said:
        self.kept.setdefault(user_id, secret)
        return Said("enrol", user_id)

    def confirm(self, user_id: UUID, *, step: int, session_id: UUID) -> Said:
        self.last_step[user_id] = step
        return Said("confirm", session_id)

    def remove(self, user_id: UUID) -> Said:
        return Said("remove", user_id)

    def secret(self, user_id: UUID) -> str | None:
        return self.kept.get(user_id)

    def spend(self, user_id: UUID, *, step: int) -> bool:
        if step <= self.last_step[user_id]:
            return False
        self.last_step[user_id] = step
        return True


class MemoryLimits:
    """The port `RateLimits`, without a clock: nothing comes back."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def take(self, bucket: str, capacity: float, refill_per_s: float, tokens: float = 1) -> Grant:
        self.taken[bucket] += 1
        left = capacity - self.taken[bucket]
        wait_s = 0 if left >= 0 else tokens / refill_per_s
        return Grant(allowed=left >= 0, remaining=left, retry_after_s=wait_s)


class Ada:
    """A person with a device, and what the commands need."""

    def __init__(self) -> None:
        self.user_id, self.log, self.factors = uuid4(), ApplyingLog(), MemoryFactors()
        self.limits, self.house = MemoryLimits(), MemoryHouse()
        self.session_id, self.signed_in_at = uuid4(), datetime.max.replace(tzinfo=UTC)
        self.house.log, self.context = self.log, asking(PLATFORM)
        self.secret = CODES.new_secret()
        self.paper = CODES.new_recovery_codes()

    def later(self, steps: int = 1) -> Context:
        """Ask anew, so many steps of the clock later."""
        now = self.context.now + STEP * steps
        self.context = msgspec.structs.replace(asking(PLATFORM), now=now)
        return self.context

    def shown(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.context.now + STEP * steps)

    def enrol(self) -> int:
        command = EnrolSecondFactor(
            user_id=self.user_id, secret=self.secret, authenticated_at=self.context.now
        )
        return enrol_second_factor(command, self.context, self.log, self.factors)

    def confirm(self, code: str) -> int:
        command = ConfirmSecondFactor(
            user_id=self.user_id,
            session_id=self.session_id,
            code=code,
            recovery_codes=self.paper,
            authenticated_at=self.signed_in_at,
        )
        return confirm_second_factor(
            command,
            self.context,
            self.log,
            self.factors,
            CODES,
            self.limits,
            self.house.sessions,
        )

    def prove(self, code: str) -> None:
        proof = ProveSecondFactor(user_id=self.user_id, code=code)
        prove_second_factor(proof, self.context, self.log, self.factors, CODES, self.limits)


@pytest.fixture
def ada() -> Ada:
    ada = Ada()
    ada.enrol()
    ada.later()
    ada.confirm(ada.shown())
    ada.later()
    return ada


def test_the_device_proves_and_each_code_once(ada: Ada) -> None:
    ada.prove(ada.shown())
    with pytest.raises(WrongCodeError):
        ada.prove(ada.shown())
    with pytest.raises(WrongCodeError):
        ada.prove(ada.shown(-1))
    ada.prove(ada.shown(1))


@pytest.mark.parametrize("code", ["000000", "abcdef", "", "     ", "12345", "１２３４５６"])
def test_a_wrong_code_proves_nothing(ada: Ada, code: str) -> None:
    ada.factors.kept[ada.user_id] = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with pytest.raises(WrongCodeError):
        ada.prove(code)


def test_a_code_of_two_steps_ago_is_over(ada: Ada) -> None:
    ada.later(5)
    with pytest.raises(WrongCodeError):
        ada.prove(ada.shown(-2))
    ada.prove(ada.shown(-1))


def test_what_is_not_confirmed_proves_nothing() -> None:
    ada = Ada()
    with pytest.raises(WrongCodeError):
        ada.confirm("123456")
    ada.enrol()
    with pytest.raises(WrongCodeError):
        ada.prove(ada.shown())


def test_guesses_are_counted_whatever_they_are(ada: Ada) -> None:
    for guess in ("000000", "guessed-recovery-code") * 4:
        with pytest.raises(WrongCodeError):
            ada.prove(guess)
    ada.prove(ada.shown())
    with pytest.raises(TooManyCodesError, match="wait 120 s"):
        ada.prove(ada.shown(1))
    with pytest.raises(TooManyCodesError):
        ada.confirm("000000")


def test_paper_proves_once_however_it_is_typed(ada: Ada) -> None:
    ada.prove(f" {ada.paper[0].upper().replace('-', ' ')}")
    ada.later()
    with pytest.raises(WrongCodeError):
        ada.prove(ada.paper[0])
    ada.prove(ada.paper[1])


def test_the_log_holds_neither_code_nor_paper(ada: Ada) -> None:
    facts = msgspec.json.encode([event for _, _, event in ada.log.events[1:]]).decode()
    assert not any(code in facts or code.replace("-", "") in facts for code in ada.paper)
    assert ada.secret not in facts


def test_new_paper_ends_the_old(ada: Ada) -> None:
    fresh = CODES.new_recovery_codes()
    proof = ProveSecondFactor(user_id=ada.user_id, code=ada.paper[0])
    command = RenewRecoveryCodes(proof=proof, recovery_codes=fresh)
    renew_recovery_codes(command, ada.context, ada.log, ada.factors, CODES, ada.limits)
    ada.later()
    with pytest.raises(WrongCodeError):
        ada.prove(ada.paper[1])
    ada.prove(fresh[0])


def test_removing_needs_a_proof(ada: Ada) -> None:
    def remove(code: str) -> int:
        proof = ProveSecondFactor(user_id=ada.user_id, code=code)
        return remove_second_factor(
            RemoveSecondFactor(proof), ada.context, ada.log, ada.factors, CODES, ada.limits
        )

    with pytest.raises(WrongCodeError):
        remove("000000")
    assert remove(ada.shown()) == len(ada.log.events)
    assert ada.log.effects[-1] == Said("remove", ada.user_id)
    stream = second_factor_id(ada.user_id)
    assert not ada.log.state(SECOND_FACTOR, stream, ada.context).enrolled


def test_secrets_are_shown_once() -> None:
    ada = Ada()
    ada.enrol()
    ada.secret = CODES.new_secret()
    with pytest.raises(SecretShownError, match="begin with a new"):
        ada.enrol()
    ada.secret = ada.factors.kept[ada.user_id]
    ada.later()
    ada.confirm(ada.shown())
    ada.paper = CODES.new_recovery_codes()
    with pytest.raises(SecretShownError, match="renew them"):
        ada.confirm(ada.shown())


def test_a_change_of_the_factor_needs_a_recent_sign_in(ada: Ada) -> None:
    long_ago = ada.context.now - timedelta(minutes=6)
    add = EnrolSecondFactor(user_id=ada.user_id, secret=ada.secret, authenticated_at=long_ago)
    with pytest.raises(SignInAgainError):
        enrol_second_factor(add, ada.context, ada.log, ada.factors)
    ada.signed_in_at = long_ago
    with pytest.raises(SignInAgainError):
        ada.confirm(ada.shown())


def test_the_session_that_confirmed_stays_and_the_others_end() -> None:
    ada = Ada()
    ada.house.register()
    ada.house.verify()
    mine, other = ada.house.opened(), ada.house.opened()
    ada.user_id, ada.session_id = mine.user_id, mine.session_id
    ada.enrol()
    ada.later()
    ada.confirm(ada.shown())
    assert list(ada.house.sessions.good) == [mine.session_id]
    assert ada.house.told[-2:] == ["SecondFactorConfirmed", "SessionEnded"]
    assert other.session_id != mine.session_id


def test_a_challenge_is_answered_by_a_code_and_once(ada: Ada) -> None:
    house, challenge = ada.house, "the challenge"
    house.tokens.good[challenge] = (Purpose.SIGN_IN, ada.user_id)

    def answer(code: str, **more: UUID) -> OpenedSession:
        command = AnswerChallenge(session_id=uuid4(), challenge=challenge, code=code, **more)
        return answer_challenge(
            command, ada.later(0), house.log, house.door, ada.factors, CODES, ada.limits
        )

    with pytest.raises(WrongCodeError):
        answer("000000")
    with pytest.raises(NotFoundError):
        answer(ada.paper[0], workspace_id=uuid4())
    opened = answer(ada.paper[0])
    assert house.sessions.good[opened.session_id].second_factor
    with pytest.raises(TokenRefusedError):
        answer(ada.paper[1])


def test_a_command_shows_no_secret(ada: Ada) -> None:
    proof = ProveSecondFactor(user_id=ada.user_id, code="123456")
    shown = repr(
        [
            proof,
            RemoveSecondFactor(proof),
            RenewRecoveryCodes(proof=proof, recovery_codes=ada.paper),
            EnrolSecondFactor(
                user_id=ada.user_id, secret=ada.secret, authenticated_at=ada.context.now
            ),
            ConfirmSecondFactor(
                user_id=ada.user_id,
                session_id=ada.session_id,
                code="123456",
                recovery_codes=ada.paper,
                authenticated_at=ada.context.now,
            ),
            AnswerChallenge(session_id=uuid4(), challenge=ada.secret, code="123456"),
        ]
    )
    assert not any(secret in shown for secret in ("123456", ada.secret, *ada.paper))


def test_the_picture_for_the_device_says_who_issued_it() -> None:
    uri = CODES.uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", label="ada")
    assert uri.startswith("otpauth://totp/Email%20Engine:ada?secret=JBSWY3DP")
