"""Logging of every process: JSON lines for machines, readable lines on a terminal."""

import json
import logging
import sys
from collections.abc import Sequence
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from infra.observability.redaction import Redactor, escape_controls
from infra.observability.tracebacks import say_exceptions
from infra.observability.tracing import say_trace

QUIET_LIBRARIES = ("mail", "asyncio", "httpx", "httpcore", "nats", "granian.access")
"""Libraries whose INFO lines say nothing an operator needs, or name people."""


def configure_logging(
    *,
    service: str,
    level: str = "INFO",
    stream: TextIO | None = None,
    redaction_key: bytes | None = None,
) -> None:
    """Send structlog and the standard library's logging to one stream, redacted.

    JSON unless the stream is a terminal. `redaction_key` keeps a person recognisable as a
    keyed hash (see `Redactor`). Calling it again replaces the configuration.
    """
    out = stream or sys.stdout
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
        say_exceptions,
        say_trace,
        _Service(service),
        _Redact(Redactor(redaction_key)),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(terminal=out.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def get_logger(**bound: object) -> structlog.stdlib.BoundLogger:
    """Return a logger; `bound` fields stand in each of its lines."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(**bound)
    return logger


class _Service:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line.setdefault("service", self._service)
        return line


class _Redact:
    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        # Names that start with an underscore are the formatter's own and are dropped later.
        return {
            name: value if name.startswith("_") else self._redactor.field(name, value)
            for name, value in line.items()
        }


def _renderers(*, terminal: bool) -> Sequence[Processor]:
    if terminal:
        return [_escape, structlog.dev.ConsoleRenderer(pad_event_to=28, timestamp_key="ts")]
    return [_order, structlog.processors.JSONRenderer(serializer=_to_json)]


def _escape(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Write control characters out; a traceback keeps its own line ends."""
    return {
        name: escape_controls(value, keep="\n" if name == "exception" else "")
        if isinstance(value, str)
        else value
        for name, value in line.items()
    }


def _order(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    head = {name: line.pop(name) for name in ("ts", "level", "event", "service") if name in line}
    return {**head, **line}


def _to_json(value: object, **_: object) -> str:
    # ASCII only: json then escapes every control character, line separator and bidi mark.
    return json.dumps(value, ensure_ascii=True, default=str).replace("\x7f", "\\u007f")
