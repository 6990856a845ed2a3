"""Whose messages are claimed next."""

from collections import Counter
from uuid import UUID, uuid4

from domain.delivery.fair_turns import FairTurns

A, B, C = uuid4(), uuid4(), uuid4()


def lanes(*named: tuple[UUID, str]) -> list[tuple[UUID, tuple[UUID, str]]]:
    return [(workspace, (workspace, name)) for workspace, name in named]


def served(
    turns: FairTurns[tuple[UUID, str]], *, claims: int, messages: int = 100
) -> list[tuple[UUID, str]]:
    out = []
    for _ in range(claims):
        lane = turns.next()
        assert lane is not None
        turns.took(lane[0], lane, messages, has_more=True)
        out.append(lane)
    return out


def test_a_workspace_with_many_lanes_gets_no_more_than_one_with_one() -> None:
    turns: FairTurns[tuple[UUID, str]] = FairTurns()
    turns.offer(lanes(*((A, f"lane {n}") for n in range(50)), (B, "one")))
    shares = Counter(workspace for workspace, _ in served(turns, claims=20))
    assert shares == {A: 10, B: 10}


def test_a_workspaces_lanes_take_turns_also_over_a_new_list() -> None:
    turns: FairTurns[tuple[UUID, str]] = FairTurns()
    listed = lanes((A, "x"), (A, "y"), (A, "z"))
    turns.offer(listed)
    names = [name for _, name in served(turns, claims=2)]
    turns.offer(listed)
    names += [name for _, name in served(turns, claims=4)]
    assert "".join(names) == "xyzxyz"


def test_who_comes_late_is_next_but_saves_nothing_up() -> None:
    turns: FairTurns[tuple[UUID, str]] = FairTurns()
    turns.offer(lanes((A, "x"), (C, "x")))
    served(turns, claims=20)
    turns.offer(lanes((A, "x"), (B, "x"), (C, "x")))
    assert B in {workspace for workspace, _ in served(turns, claims=3)}
    shares = Counter(workspace for workspace, _ in served(turns, claims=30))
    assert shares == {A: 10, B: 10, C: 10}


def test_small_claims_come_more_often_than_large_ones() -> None:
    turns: FairTurns[tuple[UUID, str]] = FairTurns()
    turns.offer(lanes((A, "x"), (B, "x")))
    sizes, taken = {A: 200, B: 10}, Counter[UUID]()
    for _ in range(210):
        lane = turns.next()
        assert lane is not None
        taken[lane[0]] += sizes[lane[0]]
        turns.took(lane[0], lane, sizes[lane[0]], has_more=True)
    assert abs(taken[A] - taken[B]) <= 200


def test_what_is_through_waits_for_the_next_list() -> None:
    turns: FairTurns[tuple[UUID, str]] = FairTurns()
    turns.offer(lanes((A, "x"), (A, "y")))
    turns.took(A, (A, "x"), 1, has_more=False)
    assert turns.next() == (A, "y")
    turns.took(A, (A, "y"), 1, has_more=False)
    assert turns.next() is None
    assert not turns
