"""Where a tracked link may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.http.tracking import PIXEL, as_location


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("HTTP://example.com", "HTTP://example.com"),
        ("https://example.com/grüße", "https://example.com/gr%C3%BC%C3%9Fe"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("javascript:alert(1)", None),
        ("//example.com", None),
        ("data:text/html,x", None),
        ("https://example.com/\r\nSet-Cookie: a=b", None),
        ("", None),
    ],
)
def test_only_web_addresses_lead_somewhere(address: str, location: str | None) -> None:
    assert as_location(address) == location


@given(st.text())
def test_a_location_is_always_printable_ascii(tail: str) -> None:
    location = as_location("https://example.com/" + tail)
    assert location is None or all(" " < character < "\x7f" for character in location)


def test_the_pixel_is_a_gif_of_43_bytes() -> None:
    assert len(PIXEL) == 43
    assert PIXEL[:6] == b"GIF89a"
    assert PIXEL[-1:] == b";"
