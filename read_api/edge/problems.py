"""Every exception as application/problem+json (RFC 9457)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap
from psycopg_pool import PoolClosed, PoolTimeout

from domain.shared.errors import DomainError, RetryLaterError
from infra.postgres.sql_effect import StaleStateError
from read_api.edge.refusals import (
    NOT_FOUND_DETAIL,
    OTHER_DOMAIN_ERROR,
    STATUS,
    TITLES,
    RefusalError,
)
from read_api.edge.request_marks import request_id_of
from schemas.http.problems import FieldProblem, Problem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "2"
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters
CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_NAMED = re.compile(r"(?:unknown|required) field `([^`]*)`")


def problem(
    request: AnyRequest,
    code: str,
    detail: str,
    *,
    status: int | None = None,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[Problem]:
    """Return the answer for a code; `status` only for codes that are not in the table."""
    chosen = status or STATUS[code]
    body = Problem(
        title=TITLES.get(chosen, "Refused"),
        status=chosen,
        code=code,
        detail=detail,
        request_id=request_id_of(request),
        errors=list(errors),
    )
    return Response(body, status_code=chosen, media_type=MEDIA_TYPE, headers=headers)


def on_refusal(request: AnyRequest, error: RefusalError) -> Response[Problem]:
    """Answer what the edge refused."""
    return problem(request, error.code, error.detail, errors=error.errors, headers=error.headers)


def on_domain_error(request: AnyRequest, error: DomainError) -> Response[Problem]:
    """Answer what the rules refused; not found has the same body whatever was asked."""
    detail = NOT_FOUND_DETAIL if error.code == "not_found" else str(error)
    status = STATUS.get(error.code, OTHER_DOMAIN_ERROR)
    return problem(request, error.code, detail, status=status, headers=_retry_after(error))


def _retry_after(error: DomainError) -> dict[str, str]:
    """Say in whole seconds when to come back, where the refusal knows."""
    if isinstance(error, RetryLaterError):
        return {"retry-after": str(ceil(error.retry_after_s))}
    return {}


def on_validation(request: AnyRequest, error: ValidationException) -> Response[Problem]:
    """Answer a body or a parameter of the wrong shape, field by field."""
    errors = list(_field_problems(error.extra))
    detail = "; ".join(f"{field.pointer}: {field.detail}" for field in errors)
    return problem(request, "invalid_request", detail or "the request is malformed", errors=errors)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """Answer what the framework refused; its texts may quote the request, so they stay out."""
    if isinstance(error, NotFoundException):
        return problem(request, "not_found", NOT_FOUND_DETAIL)
    if error.status_code >= STATUS["internal_error"]:
        return on_anything(request, error)
    code = CODE_OF_STATUS.get(error.status_code, "invalid_request")
    # The framework writes the name of this header in two ways.
    headers = {n: v for n, v in (error.headers or {}).items() if n.lower() == "allow"}
    return problem(request, code, TITLES[STATUS[code]].lower(), headers=headers)


def on_stale_state(request: AnyRequest, _: StaleStateError) -> Response[Problem]:
    """Answer a lost race."""
    return problem(request, "concurrent_change", "it changed meanwhile; look, and try again")


def on_anything(request: AnyRequest, error: Exception) -> Response[Problem]:
    """Answer a fault of ours without its details, which go to the log."""
    if _database_is_away(error):
        log.warning("database_unavailable", error=error)
        return problem(
            request,
            "unavailable",
            "the database cannot be reached; try again",
            headers={"retry-after": RETRY_AFTER_S},
        )
    log.error("request_failed", error=error, exc_info=error)
    return problem(
        request, "internal_error", "something broke on our side; the log has it under request_id"
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    RefusalError: on_refusal,
    DomainError: on_domain_error,
    ValidationException: on_validation,
    HTTPException: on_http_exception,
    StaleStateError: on_stale_state,
    Exception: on_anything,
}


def _database_is_away(error: BaseException | None) -> bool:
    """Look along the causes: the log's library wraps the driver's errors."""
    away = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
    while error is not None:
        if isinstance(error, away):
            return True
        error = error.__cause__ or error.__context__
    return False


def _field_problems(extra: object) -> Iterable[FieldProblem]:
    found = extra if isinstance(extra, list) else []
    for item in found:
        message = str(item.get("message", "is wrong"))
        path = str(item.get("key", "")).replace("[", ".").replace("]", "").split(".")
        if item.get("source") != "body" and path != ["data"]:
            yield FieldProblem(pointer=path[0], code="invalid", detail=message)
            continue
        if path[:1] == ["data"]:
            path = path[1:]
        named = _NAMED.search(message)
        code = "invalid"
        if named:
            path = [*path, named[1]]
            code = "unknown_field" if "unknown" in message else "missing_field"
        yield FieldProblem(pointer="/" + "/".join(path), code=code, detail=message)
