"""Whatever comes to a return path, reading it never fails and never keeps an address."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery.bounce_report import Bounced, Complained, Delivered, Nothing
from infra.bounces.complaint import return_paths_in
from infra.bounces.read import read_report

pytestmark = pytest.mark.property

FILES = sorted((Path(__file__).parents[1] / "fixtures" / "bounces").glob("*.eml"))
SEEDS = [file.read_bytes() for file in FILES]
PIECES = [
    b"Content-Type: message/delivery-status\r\n\r\n", b"--_b\r\n", b"--_b--\r\n", b"\x00", b"\xff",
    b"Content-Transfer-Encoding: base64\r\n", b"Status: 5.1.1\r\n", b"Action: failed\r\n", b"\r\n",
    b'Content-Type: multipart/report; boundary="_b"\r\n', b"; charset*=x''%ff", b"=?utf-8?b?",
    b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n", b"kim@there.example",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a report with pieces put in, taken out or cut."""
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(raw)))
        upto = draw(st.integers(at, min(len(raw), at + 80)))
        raw[at:upto] = draw(st.sampled_from(PIECES))
    return bytes(raw)


@given(st.one_of(st.binary(max_size=600), damaged()))
def test_reading_never_fails_and_keeps_no_address(raw: bytes) -> None:
    report = read_report(raw)
    assert isinstance(report, Bounced | Complained | Delivered | Nothing)
    assert "kim@there.example" not in str(report)
    assert len(str(report)) < 1_000
    assert all(len(path) <= 254 for path in return_paths_in(raw))
