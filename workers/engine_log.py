"""The one readable log of `engine up`: every child's lines, to the terminal and to a file."""

import contextlib
import json
import logging.handlers
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from infra.clock import now
from infra.observability.redaction import Redactor, escape_controls

LOG_BYTES_MAX = 32 * 1024 * 1024
LOG_FILES = 4
COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
LOUD = {"warning": "33", "error": "31", "critical": "31"}
HEAD = ("ts", "level", "event", "service", "child")


class Console(StrEnum):
    """What the terminal gets: readable lines, the file's JSON lines, or nothing."""

    READABLE = "readable"
    JSON = "json"
    OFF = "off"


class EngineLog:
    """Merge lines of many processes into `<data>/log/engine.log` (JSON) and the console.

    The file is rotated by size: at most `LOG_FILES` old ones are kept beside it.
    """

    def __init__(
        self, data_dir: Path, *, console: Console | None = None, stream: TextIO | None = None
    ) -> None:
        self.path = data_dir / "log" / "engine.log"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stream = stream or sys.stdout
        self._colours = self._stream.isatty()
        self._console = console or (Console.READABLE if self._colours else Console.JSON)
        self._redactor = Redactor()
        self._columns: dict[str, int] = {}
        # The handler is used for its rotation alone; the lines are ours.
        self._file = logging.handlers.RotatingFileHandler(
            self.path, maxBytes=LOG_BYTES_MAX, backupCount=LOG_FILES, encoding="utf-8"
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def announce(self, *names: str) -> None:
        """Give each child its colour and the console its column width."""
        for name in names:
            self._columns.setdefault(name, len(self._columns))

    def line(self, child: str, raw: bytes) -> None:
        """Log one line of a child's output: a JSON object as it is, other text as its event."""
        text = raw.decode("utf-8", errors="replace").rstrip()
        if not text:
            return
        fields = _json_object(text)
        if fields is None:
            fields = {"level": "info", "event": self._redactor.text(text)}
        self._write(child, fields)

    def say(self, event: str, *, level: str = "info", **fields: object) -> None:
        """Log a line of the supervisor itself."""
        self._write("engine", {"level": level, "event": event, **fields})

    def _write(self, child: str, fields: Mapping[str, object]) -> None:
        moment = now().isoformat(timespec="milliseconds")
        line = {"ts": moment, "level": "info", "event": "", **fields, "child": child}
        ordered = {name: line.pop(name) for name in HEAD if name in line} | line
        text = json.dumps(ordered, ensure_ascii=True, default=str)
        self._file.emit(logging.makeLogRecord({"msg": text}))
        if self._console is Console.JSON:
            self._print(text)
        elif self._console is Console.READABLE:
            self._print(self._readable(child, ordered))

    def _readable(self, child: str, line: Mapping[str, object]) -> str:
        self.announce(child)
        width = max(map(len, self._columns))
        level = str(line["level"])
        parts = [str(line["event"])]
        parts += [f"{name}={value}" for name, value in line.items() if name not in HEAD]
        said = escape_controls(" ".join(parts), keep="\n").replace("\n", "\n" + " " * (width + 12))
        name = self._paint(child.ljust(width), COLOURS[self._columns[child] % len(COLOURS)])
        said = self._paint(said, LOUD[level]) if level in LOUD else said
        return f"{str(line['ts'])[11:19]} {name} | {said}"

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def _print(self, text: str) -> None:
        # The terminal may be gone; the file has the line.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()


def _json_object(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
