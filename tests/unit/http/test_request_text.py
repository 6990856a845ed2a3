"""Text of requests is one spelling of what looks the same; passwords stay as typed."""

import msgspec
import pytest

from schemas.http.fields import Request

APART, COMPOSED = "Zoe\u0308", "Zo\u00eb"


class Asked(Request, frozen=True, kw_only=True):
    name: str = ""
    password: str = ""
    tags: tuple[str, ...] = ()
    fields: dict[str, list[str]] = {}
    count: int = 0


@pytest.mark.parametrize("escaped", [b"\xcc\x88", b"\\u0308"])
def test_all_text_but_passwords_is_composed(escaped: bytes) -> None:
    text = {"name": APART, "password": APART, "tags": [APART], "fields": {APART: [APART]}}
    body = msgspec.json.encode(text).replace("\u0308".encode(), escaped)
    asked = msgspec.json.decode(body, type=Asked)
    assert asked == Asked(
        name=COMPOSED, password=APART, tags=(COMPOSED,), fields={COMPOSED: [COMPOSED]}
    )
    assert asked.password == APART
