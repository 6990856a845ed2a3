"""Unwrapped keys are remembered for a bounded time, and no more of them than allowed."""

from uuid import uuid4

from infra.crypto.key_cache import KeyCache

HOME, ELSEWHERE = uuid4(), uuid4()
ANN, BOB, CAT = (uuid4().int for _ in range(3))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Remembering:
    def __init__(self, *, at_most: int = 100) -> None:
        self.clock = Clock()
        self.cache = KeyCache(ttl_s=60, at_most=at_most, clock=self.clock)
        self.add(ANN)

    def add(self, *people: int) -> None:
        self.cache.add(HOME, {person: bytes(32) for person in people})

    def knows(self, person: int) -> bool:
        people = [ANN, BOB, CAT]
        found = self.cache.find(HOME, people)
        return found[people.index(person)] is not None


def test_a_key_is_found_in_its_workspace_alone() -> None:
    people = Remembering()
    assert people.knows(ANN)
    assert not people.knows(BOB)
    assert people.cache.find(ELSEWHERE, [ANN]) == [None]


def test_a_key_is_never_remembered_longer_than_allowed_whoever_asks() -> None:
    people = Remembering()
    for second in range(120):
        assert people.knows(ANN) or second >= 30, "at least half the time"
        assert not (people.knows(ANN) and second >= 60), "and never longer"
        people.clock.now += 1


def test_a_key_that_nobody_asked_for_is_gone_too() -> None:
    people = Remembering()
    people.clock.now += 600
    assert not people.knows(ANN)
    people.add(BOB)
    assert people.knows(BOB)


def test_a_key_that_was_asked_for_late_is_not_kept_the_longer() -> None:
    people = Remembering()
    people.clock.now += 59
    assert people.knows(ANN)
    people.clock.now += 1
    assert not people.knows(ANN)


def test_a_key_added_late_does_not_renew_the_others() -> None:
    people = Remembering()
    people.clock.now += 29
    people.add(BOB)
    people.clock.now += 30
    assert people.knows(ANN)
    people.clock.now += 30
    assert not people.knows(ANN)


def test_too_many_push_out_the_oldest() -> None:
    people = Remembering(at_most=2)
    people.add(BOB)
    people.add(CAT)
    assert [people.knows(person) for person in (ANN, BOB, CAT)] == [False, True, True]


def test_what_is_dropped_or_cleared_is_gone() -> None:
    people = Remembering()
    people.clock.now += 30
    people.add(BOB)  # a new generation: Ann is in the old one
    people.cache.drop(HOME, ANN)
    assert [people.knows(person) for person in (ANN, BOB)] == [False, True]
    people.cache.clear()
    assert not people.knows(BOB)
