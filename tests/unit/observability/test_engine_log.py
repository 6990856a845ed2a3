import io
import json
from pathlib import Path

import pytest

from workers import engine_log
from workers.engine_log import Console, EngineLog
from workers.restart_policy import RestartPolicy


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(log: EngineLog) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.path.read_text().splitlines()]


def test_plain_and_structured_lines_end_in_one_file(tmp_path: Path) -> None:
    log = EngineLog(tmp_path, console=Console.OFF)
    log.line("postgres", b"LOG:  ready\n")
    log.line("api", b'{"ts": "2026-01-01T00:00:00Z", "level": "error", "event": "boom", "n": 1}')
    log.line("api", b"   ")
    log.line("nats", b'["not an object"]')
    log.line("nats", b"{broken")
    log.close()
    plain, structured, other, broken = lines(log)
    assert (plain["child"], plain["level"], plain["event"]) == ("postgres", "info", "LOG:  ready")
    assert structured == {
        "ts": "2026-01-01T00:00:00Z",
        "level": "error",
        "event": "boom",
        "child": "api",
        "n": 1,
    }
    assert other["event"] == '["not an object"]'
    assert broken["event"] == "{broken"


def test_an_address_in_plain_output_is_hidden(tmp_path: Path) -> None:
    log = EngineLog(tmp_path, console=Console.OFF)
    log.line("postgres", b"DETAIL:  Key (email)=(canary@example.com) exists")
    log.close()
    assert "canary" not in log.path.read_text()


def test_a_terminal_gets_a_coloured_name_before_each_line(tmp_path: Path) -> None:
    out = Terminal()
    log = EngineLog(tmp_path, stream=out)
    log.announce("api", "dispatcher")
    log.line("api", b"hello \x1b[2J there")
    log.close()
    assert "\x1b[36mapi       \x1b[0m | hello \\x1b[2J there\n" in out.getvalue()


def test_without_a_terminal_the_console_gets_the_json_lines(tmp_path: Path) -> None:
    out = io.StringIO()
    log = EngineLog(tmp_path, stream=out)
    log.say("engine_ready", api="http://127.0.0.1:8080")
    log.close()
    assert out.getvalue() == log.path.read_text()


def test_a_closed_console_stops_nothing(tmp_path: Path) -> None:
    out = io.StringIO()
    log = EngineLog(tmp_path, console=Console.JSON, stream=out)
    out.close()
    log.say("still_here")
    log.close()
    assert lines(log)[0]["event"] == "still_here"


def test_the_file_is_rotated_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_log, "LOG_BYTES_MAX", 2000)
    log = EngineLog(tmp_path, console=Console.OFF)
    for number in range(200):
        log.say("line", number=number)
    log.close()
    files = sorted(log.path.parent.iterdir())
    assert len(files) == 1 + engine_log.LOG_FILES
    assert all(file.stat().st_size <= 2000 for file in files)


def test_restarts_wait_longer_each_time_within_bounds() -> None:
    policy = RestartPolicy(first_wait_s=0.2, longest_wait_s=10)
    waits = [policy.wait_s(deaths=deaths, jitter=1.0) for deaths in range(1, 9)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert policy.wait_s(deaths=1, jitter=0.0) == pytest.approx(0.1)
    assert policy.wait_s(deaths=10_000, jitter=1.0) == 10
