import io
import json
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog

from infra.observability.logging import configure_logging, get_logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> dict[str, object]:
    [line] = stream.getvalue().splitlines()
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


@pytest.fixture
def stream() -> io.StringIO:
    out = io.StringIO()
    configure_logging(service="dispatcher", stream=out)
    return out


def test_a_line_is_one_json_object_with_the_agreed_fields_first(stream: io.StringIO) -> None:
    get_logger(worker_id="w1").info("message_sent", attempt=2)
    line = logged(stream)
    assert list(line)[:4] == ["ts", "level", "event", "service"]
    assert str(line.pop("ts")).endswith("Z")
    assert line == {
        "level": "info",
        "event": "message_sent",
        "service": "dispatcher",
        "worker_id": "w1",
        "attempt": 2,
    }


@pytest.mark.parametrize("field", ["event", "note", "exception"])
def test_an_address_reaches_no_line(stream: io.StringIO, field: str) -> None:
    text = "canary@example.com"
    match field:
        case "event":
            get_logger().warning(text)
        case "note":
            get_logger().warning("refused", note={"deep": [text]})
        case _:
            try:
                int(text)
            except ValueError:
                get_logger().exception("failed")
    assert "canary" not in stream.getvalue()
    assert "[person]" in stream.getvalue()


def test_lines_of_libraries_are_treated_the_same(stream: io.StringIO) -> None:
    logging.getLogger("vendor").error("no route to %s", "canary@example.com")
    assert logged(stream)["event"] == "no route to [person]"


def test_noisy_libraries_are_heard_from_warning_on(stream: io.StringIO) -> None:
    logging.getLogger("mail.log").info("peer said hello")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "hostile", ["a\nb", "a\x1b[2J", "a\u2028b", "a\u202eb", "a\x7fb", "a\x85b"]
)
def test_a_value_cannot_forge_a_line(stream: io.StringIO, hostile: str) -> None:
    get_logger().info("seen", note=hostile)
    assert logged(stream)["note"] == hostile
    assert stream.getvalue().removesuffix("\n").isprintable()


def test_a_terminal_gets_readable_lines_without_control_characters_of_values() -> None:
    out = Terminal()
    configure_logging(service="api", stream=out)
    get_logger().info("seen \x1b]0;title\x07\nforged", note="\x1b]0;title\x07\nforged")
    assert "seen" in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert "\x1b]" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


def test_a_key_lets_a_person_be_followed() -> None:
    out = io.StringIO()
    configure_logging(service="api", stream=out, redaction_key=b"key")
    get_logger().info("bounced", email="canary@example.com")
    assert str(logged(out)["email"]).startswith("[person ")


class QuotedError(psycopg.errors.UniqueViolation):
    """What PostgreSQL says of a row that is there already, as a library passes it on."""

    def __str__(self) -> str:
        return "duplicate key value\nDETAIL:  Key (town)=(Zoe lives here) already exists."


def fail(*, wrapped: bool) -> None:
    quoted = QuotedError()
    if wrapped:
        raise RuntimeError(quoted) from quoted
    raise quoted


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("foreign", [False, True])
def test_a_traceback_says_where_and_what_but_quotes_no_row(
    stream: io.StringIO, *, wrapped: bool, foreign: bool
) -> None:
    log = logging.getLogger("a.library") if foreign else get_logger()
    try:
        fail(wrapped=wrapped)
    except (QuotedError, RuntimeError) as error:
        if foreign:
            log.exception("it_failed")
        else:
            log.exception("it_failed", error=error)
    text = stream.getvalue()
    assert "Zoe" not in text
    line = json.loads(text)
    assert "QuotedError" in line["exception"]
    assert "test_logging.py" in line["exception"], "the frames are there"
    assert foreign or "SQLSTATE 23505" in line["error"]
