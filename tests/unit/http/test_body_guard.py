"""Bounded, clean JSON: found by walking it, never by recursion."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from read_api.edge.body_guard import MAX_DEPTH, check_names, check_text, parse_json
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


NASTY = [
    *(b"[" * depth + b"]" * depth for depth in (65, 1_000, 100_000)),
    *(b'{"a":' * depth + b"1" + b"}" * depth for depth in (65, 1_000, 30_000)),
    *(b"[" * depth for depth in (1, 65, 100_000)),
    b"", b" ", b"\xef\xbb\xbf{}", b"\x00", b"{}\x00", b"nul", b"NaN", b"-Infinity", b"+1", b"01",
    b"1e999", b"-1e-999999", b"9" * 5_000, b"-" + b"9" * 30, b"0.1e", b'"\\u"', b'"\\ud800"',
    b'"\\ud800\\u0041"', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"', b'"\xc0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xff"', b'"\x01"', b'"\\x41"', b"'a'", b'{"a":1,}', b"[1,]", b"[,1]", b"{a:1}", b'{"a"}',
    b'{"a":1 "b":2}', b"{1:2}", b"// x\n1", b"/**/1", b"[1]x", b'"a', b"\r\n\t 1 \r",
    b'{"":{"":""}}',
    "\u2028".encode(), '"\ufeff"'.encode("utf-16"), b'"\\u0000"', '"\U0010ffff"'.encode(),
]  # fmt: skip
"""In the manner of JSONTestSuite: what parsers break at."""


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
def test_nasty_json_is_taken_or_refused_and_never_breaks_anything(body: bytes) -> None:
    with contextlib.suppress(RefusalError):
        check_text(parse_json(body))
        check_names(body)


@given(st.binary(max_size=40).map(lambda noise: b'{"a":[' + noise + b"]}"))
def test_noise_within_json_never_breaks_anything(body: bytes) -> None:
    with contextlib.suppress(RefusalError):
        check_text(parse_json(body))
        check_names(body)


def test_a_name_twice_is_refused_wherever_it_stands() -> None:
    check_names(b'{"a":{"b":1},"b":[{"b":2},{"b":2}],"n":' + b"9" * 4_999 + b"}")
    for body in (b'{"a":1,"a":1}', b'[{"x":{"a":1,"b":2,"\\u0061":3}}]'):
        with pytest.raises(RefusalError) as refused:
            check_names(body)
        assert refused.value.code == "malformed_json"
