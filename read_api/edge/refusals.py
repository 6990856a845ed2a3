"""What the edge itself refuses, and the one table from code to HTTP status."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from schemas.http.problems import FieldProblem

STATUS: Mapping[str, int] = MappingProxyType(
    {
        # refused by the edge
        "invalid_request": 400,
        "malformed_json": 400,
        "invalid_cursor": 400,
        "unknown_host": 400,
        "unauthorized": 401,
        "forbidden": 403,
        "forged_request": 403,
        "method_not_allowed": 405,
        "request_timeout": 408,
        "not_caught_up": 409,
        "idempotency_key_reused": 409,
        "sandbox_missing": 409,
        "gone": 410,
        "body_too_large": 413,
        "unsupported_media_type": 415,
        "rate_limited": 429,
        "too_many_streams": 429,
        "internal_error": 500,
        "unavailable": 503,
        # refused by the domain
        "refused": 422,
        "wrong_code": 401,
        "too_many_codes": 429,
        "sign_in_again": 403,
        "not_linked": 403,
        "not_found": 404,
        "illegal_transition": 409,
        "acknowledgement_required": 409,
        "concurrent_change": 409,
        "person_erased": 409,
        "not_mailable": 409,
        "sending_domain_unverified": 409,
        "checked_too_often": 429,
        "last_owner": 409,
        "secret_shown": 409,
        "stopped_by_operator": 409,
        "stale_version": 412,
        "version_required": 428,
        "sign_in_refused": 401,
        "token_refused": 401,
        "address_not_verified": 403,
        "too_many_attempts": 429,
        "weak_password": 422,
        "invalid_input": 422,
        "template_refused": 422,
        "merge_tag_syntax": 422,
        "unknown_merge_tag": 422,
        "unsafe_header": 422,
        "unreadable_cell": 422,
        "file_too_large": 413,
    }
)
OTHER_DOMAIN_ERROR = 422

TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: "The request is malformed",
        401: "Who are you?",
        403: "This token may not do that",
        404: "Not found",
        405: "Method not allowed",
        408: "Too slow",
        409: "Conflict",
        410: "Gone",
        412: "Somebody was faster",
        413: "Too large",
        415: "Unsupported media type",
        422: "Refused",
        428: "Which version?",
        429: "Too many requests",
        500: "Internal error",
        503: "Unavailable",
    }
)

NOT_FOUND_DETAIL = "there is nothing here that this request may see"
"""The same words for missing things and for those of another workspace."""


class RefusalError(Exception):
    """A request that the edge refuses, before or beside the domain."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers


def unauthorized(detail: str) -> RefusalError:
    """Return the refusal of a request without a good token (RFC 6750, 3)."""
    return RefusalError("unauthorized", detail, headers={"www-authenticate": "Bearer"})


def not_found() -> RefusalError:
    """Return the refusal that missing and foreign ids get alike."""
    return RefusalError("not_found", NOT_FOUND_DETAIL)


def wrong_field(pointer: str, *, code: str, detail: str) -> RefusalError:
    """Return the refusal of one field or parameter."""
    return RefusalError(
        "invalid_request",
        f"{pointer}: {detail}",
        errors=[FieldProblem(pointer=pointer, code=code, detail=detail)],
    )
