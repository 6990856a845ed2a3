"""Passwords are kept by argon2id, a bounded number at once; nobody is not faster than somebody."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, get_ident

import pytest
from argon2 import extract_parameters

from commands.identity.ports import SignInRefusedError, TooManyAttemptsError
from commands.identity.sign_in import Door
from infra.crypto import passwords as kept
from infra.crypto.passwords import Argon2Passwords
from tests.support.memory_identity import EMAIL, PASSWORD, MemoryHouse


class CountedArgon2(Argon2Passwords):
    """Counts the verifications that really run."""

    def __init__(self) -> None:
        self.compared = 0
        self.threads: set[int] = set()
        super().__init__(at_once=1)

    def _compare(self, password_hash: str, password: str) -> bool:
        self.compared += 1
        self.threads.add(get_ident())
        return super()._compare(password_hash, password)


def test_an_address_without_an_account_costs_as_many_verifications_as_one_with() -> None:
    house, counted = MemoryHouse(), CountedArgon2()
    house.passwords = counted  # type: ignore[assignment] # the same port
    house.door = Door(
        accounts=house.accounts,
        passwords=counted,
        sessions=house.sessions,
        tokens=house.tokens,
        access=house.access,
        attempts=house.attempts,
    )
    ann = house.register()
    house.verify()
    taken = []
    for email, password in (
        (EMAIL, "wrong"),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", "x" * 2000),
    ):
        before = counted.compared
        with pytest.raises(SignInRefusedError):
            house.sign_in(email, password)
        taken.append(counted.compared - before)
        house.attempts.succeeded(email, None)
    house.accounts.change(ann, password_hash=None)
    before = counted.compared
    with pytest.raises(SignInRefusedError):
        house.sign_in()
    assert [*taken, counted.compared - before] == [1, 1, 1, 1]


def test_whoever_asks_the_memory_is_that_of_a_few_threads() -> None:
    counted = CountedArgon2()
    with ThreadPoolExecutor(8) as many:
        assert not any(many.map(lambda _: counted.verify(None, PASSWORD), range(16)))
    assert (counted.compared, len(counted.threads)) == (16, 1)


def test_a_hash_has_its_parameters_in_it_and_weaker_ones_are_outdated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = Argon2Passwords(at_once=1)
    hashed = ours.hash(PASSWORD)
    assert hashed.startswith("$argon2id$")
    found = extract_parameters(hashed)
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)
    assert ours.verify(hashed, PASSWORD)
    assert not ours.verify(hashed, f"{PASSWORD} ")
    assert not ours.verify("no hash at all", PASSWORD)
    assert not ours.outdated(hashed)
    monkeypatch.setattr(kept, "PASSES", 1)
    assert ours.outdated(Argon2Passwords(at_once=1).hash(PASSWORD))


def test_a_common_password_is_known_and_a_larger_list_may_be_asked() -> None:
    ours = Argon2Passwords(at_once=1)
    for first in ("Password123", "Passw0rd!", "iloveyou2", "abc12345678", "k3v1nd01"):
        assert ours.known(first), first
    for later in ("Tr0ub4dour&3", "marathon runner", "x" * 500 + PASSWORD):
        assert not ours.known(later), later
    assert not ours.known(PASSWORD)
    assert Argon2Passwords(at_once=1, breached=PASSWORD.__eq__).known(PASSWORD)


def test_what_does_not_fit_into_the_queue_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, leave = Event(), Event()

    class Held(Argon2Passwords):
        def _compare(self, password_hash: str, password: str) -> bool:
            del password_hash, password
            entered.set()
            return leave.wait(10)

    monkeypatch.setattr(kept, "QUEUE", 0)
    busy = Held(at_once=1)
    first = Thread(target=busy.verify, args=(None, PASSWORD))
    first.start()
    assert entered.wait(10)
    with pytest.raises(TooManyAttemptsError) as refused:
        busy.hash(PASSWORD)
    assert refused.value.retry_after_s > 0
    leave.set()
    first.join()
    assert busy.hash(PASSWORD), "its place is free again"
