"""How a benchmark's figures are judged."""

import pytest

from workers.bench.measure import measured, quantile, rates


@pytest.mark.parametrize(
    ("ours", "limit", "bounds", "holds", "wanted"),
    [
        (75.0, 100.0, {"at_least": 0.75}, True, ">= 0.75"),
        (74.0, 100.0, {"at_least": 0.75}, False, ">= 0.75"),
        (29.0, 20.0, {"at_most": 1.3}, False, "<= 1.3"),
        (0.0, 0.0, {"at_most": 0}, True, "<= 0"),  # missed events: any is too many
        (1.0, 0.0, {"at_most": 0}, False, "<= 0"),
        (1.0, 2.0, {}, True, ""),
    ],
)
def test_a_figure_is_held_against_its_limit(
    ours: float, limit: float, bounds: dict[str, float], *, holds: bool, wanted: str
) -> None:
    figure = measured("x", ours=ours, limit=limit, unit="u", **bounds)  # type: ignore[arg-type] # bounds
    assert (figure.holds, figure.wanted) == (holds, wanted)


def test_both_of_a_pair_are_done_each_going_first_in_turn() -> None:
    done: list[str] = []
    pairs = [(lambda n=n: done.append(f"o{n}"), lambda n=n: done.append(f"l{n}")) for n in range(2)]
    assert min(rates(1, pairs)) > 0  # type: ignore[arg-type] # they take nothing
    assert done == ["l0", "o0", "o1", "l1"]


def test_the_quantile_is_one_of_the_values() -> None:
    assert [quantile([3, 1, 2], part) for part in (0, 0.5, 0.99)] == [1, 2, 3]
