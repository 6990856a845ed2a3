"""Errors as RFC 9457 problem details with a stable `code`."""

from uuid import UUID

import msgspec


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `pointer` is a JSON pointer into the body, or a parameter's name."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong and what to do; `code` never changes its meaning."""

    title: str
    status: int
    code: str
    detail: str
    request_id: UUID
    errors: list[FieldProblem] = []
