"""Exceptions in logs: where it happened and what it was, without the rows PostgreSQL quotes."""

import sys
import traceback
from collections.abc import Iterator

from structlog.typing import EventDict, WrappedLogger

from infra.postgres.failures import reason_of


def say_exceptions(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace `exc_info` by `exception`, and every field that is an exception by its reason."""
    if error := _exception(line.pop("exc_info", None)):
        line["exception"] = told(error)
        if "error" in line:  # its repr, as many write it
            line["error"] = error
    return {
        name: reason_of(value) if isinstance(value, BaseException) else value
        for name, value in line.items()
    }


def told(error: BaseException) -> str:
    """Return the traceback, oldest cause first, each error with its reason alone."""
    return "\n".join(reversed(list(_chain(error))))


def _chain(error: BaseException | None) -> Iterator[str]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield "".join(traceback.format_tb(error.__traceback__)) + reason_of(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _exception(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        found: BaseException | None = given[1]
        return found
    return sys.exc_info()[1] if given else None
