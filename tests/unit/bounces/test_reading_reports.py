"""A corpus of reports with its answers, and what no report may do."""

from pathlib import Path

import msgspec
import pytest

from domain.delivery.bounce_report import Bounced, Complained, Delivered, Nothing, Report
from infra.bounces.complaint import return_paths_in
from infra.bounces.parts import MAX_BOUNDARIES, MAX_PARTS, parse, parts
from infra.bounces.read import read_report

CORPUS = Path(__file__).parents[2] / "fixtures" / "bounces"
ANSWERS = msgspec.json.decode(
    (CORPUS / "answers.json").read_bytes(), type=dict[str, dict[str, str]]
)


def raw(name: str) -> bytes:
    """Return a report as it comes over the wire."""
    return (CORPUS / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


def answer(report: Report) -> dict[str, str]:
    match report:
        case Nothing():
            return {"kind": str(report)}
        case Bounced():
            return {
                "kind": "bounced",
                "class": str(report.bounce_class),
                "status": report.status,
            }
        case Delivered():
            return {"kind": "delivered"}
        case Complained():
            return {"kind": "complained"}


def test_the_corpus_is_what_is_there() -> None:
    assert {file.stem for file in CORPUS.glob("*.eml")} == set(ANSWERS)
    assert len(ANSWERS) >= 40


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_each_report_is_read_right(name: str) -> None:
    assert answer(read_report(raw(name))) == ANSWERS[name]


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_no_address_gets_into_an_outcome(name: str) -> None:
    assert "@" not in str(read_report(raw(name)))


@pytest.mark.parametrize("name", ["arf-abuse", "arf-minimal", "arf-opt-out"])
def test_a_complaint_names_the_return_path_of_the_mail(name: str) -> None:
    assert set(return_paths_in(raw(name))) - {""} == {"b+token@bounce.acme.example"}


def test_a_message_of_many_parts_is_read_to_a_limit() -> None:
    many = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\n\r\nx\r\n" * 5000
        + b"--b--"
    )
    message = parse(many)
    assert message is not None
    assert len(list(parts(message))) == MAX_PARTS - 1  # the whole is one


def test_a_message_that_nests_too_deep_is_not_read() -> None:
    layers = (
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n'
        for n in range(MAX_BOUNDARIES + 1)
    )
    assert parse("".join(layers).encode()) is None
    assert read_report(b"A: b\r\n" * 500 + b"\r\nx") is Nothing.UNREAD
