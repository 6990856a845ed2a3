"""Bounded, clean JSON: found by walking it, never by recursion."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.edge.body_guard import MAX_DEPTH, check_text, parse_json
from read_api.edge.refusals import RefusalError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(st.binary())
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    with contextlib.suppress(RefusalError):
        check_text(parse_json(body))


@given(JSON)
def test_clean_json_passes_and_control_characters_do_not(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    unclean = any(
        (ord(character) < 0x20 and character not in "\t\n\r") or 0x7F <= ord(character) < 0xA0
        for character in "".join(strings(value))
    )
    if unclean:
        with pytest.raises(RefusalError):
            check_text(parse_json(text.encode()))
    else:
        check_text(parse_json(text.encode()))


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in strings(inner))]
    return [text for inner in value for text in strings(inner)] if isinstance(value, list) else []


def test_depth_is_allowed_up_to_the_limit() -> None:
    check_text(parse_json(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH))
    with pytest.raises(RefusalError, match="deeper than 64"):
        check_text(parse_json(b"[" * (MAX_DEPTH + 1) + b"1" + b"]" * (MAX_DEPTH + 1)))
    with pytest.raises(RefusalError, match="deeper than 64"):
        parse_json(b"[" * 200_000)


def test_the_pointer_names_the_place() -> None:
    with pytest.raises(RefusalError) as refused:
        check_text({"a/b": [{"~": "x\x00"}]})
    assert refused.value.errors[0].pointer == "/a~1b/0/~0"
    assert "U+0000" in refused.value.detail


def test_bad_utf_8_is_named() -> None:
    with pytest.raises(RefusalError, match="not UTF-8"):
        parse_json(b'{"a": "\xff"}')
    assert msgspec.json.decode(b'"ok"') == parse_json(b'"ok"')
