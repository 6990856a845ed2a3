import io

import pytest

from infra.files.text_encoding import named_encoding
from infra.files.text_lines import iterate_lines

BLOCK_BYTES = 256 * 1024


def lines_of(data: bytes, *, encoding: str = "utf-8", limit: int = 1_000_000) -> list[str]:
    lines = iterate_lines(io.BytesIO(data), encoding=named_encoding(encoding), max_line_chars=limit)
    return list(lines)


def test_a_line_ends_where_csv_says_and_nowhere_else() -> None:
    data = "a\rb\r\nc\n\nd\x0be\u2028f\x85g".encode()
    assert lines_of(data) == ["a\r", "b\r\n", "c\n", "\n", "d\x0be\u2028f\x85g"]


@pytest.mark.parametrize("shift", [-2, -1, 0, 1])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_end_may_lie_across_two_blocks(shift: int, end: str) -> None:
    first = "x" * (BLOCK_BYTES + shift) + end
    assert lines_of(f"{first}second{end}third".encode()) == [first, f"second{end}", "third"]


@pytest.mark.parametrize("shift", range(-4, 2))
def test_a_character_may_lie_across_two_blocks(shift: int) -> None:
    text = "x" * (BLOCK_BYTES + shift) + "例👋\n"
    assert lines_of(text.encode()) == [text]


def test_of_an_endless_line_only_the_start_comes_out() -> None:
    data = b"a\n" + b"x" * (3 * BLOCK_BYTES) + b"\r\nb\n" + b"y" * 60 + b"\nc"
    assert lines_of(data, limit=50) == ["a\n", "x" * 51, "b\n", "y" * 51, "c"]
