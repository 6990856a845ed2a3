"""Keyset pages: a signed cursor says where the last page ended, for one workspace and filter."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request
from litestar.params import QueryParameter

from infra.crypto.derive import derive_key, mac
from infra.settings import Secret
from read_api.edge.refusals import RefusalError
from read_api.edge.request_marks import scope_of

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAC_BYTES = 16
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters

Limit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=MAX_LIMIT, description="Items on a page.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        max_length=1000,
        description="`next` of the page before, with the same filter.",
    ),
]
Key = str | int


class Page:
    """One page of one list. `values` of `start` and `finish` are the sort key of a row."""

    def __init__(self, key: bytes, *, bound_to: bytes, limit: int, cursor: str | None) -> None:
        self._key = key
        self._bound_to = bound_to
        self._cursor = cursor
        self.limit = limit

    @property
    def fetch(self) -> int:
        """How many rows to ask for: one more tells whether there is a next page."""
        return self.limit + 1

    def start(self, first: Sequence[Key]) -> list[Key]:
        """Return where this page starts: after the cursor, or at `first`.

        Raises RefusalError for a cursor that was changed, or belongs to another list, filter or
        workspace.
        """
        if self._cursor is None:
            return list(first)
        try:
            raw = base64.urlsafe_b64decode(self._cursor + "==")
            seal, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(self._seal(payload), seal):
                raise _wrong_cursor()
            return msgspec.json.decode(payload, type=list[Key])
        except (binascii.Error, ValueError):
            raise _wrong_cursor() from None

    def finish(self, rows: Sequence[T], *names: str) -> tuple[list[T], str | None]:
        """Return the items of the page and the cursor of the next one, if there is one."""
        items = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return items, None
        last = [_as_key(getattr(items[-1], name)) for name in names]
        payload = msgspec.json.encode(last)
        return items, base64.urlsafe_b64encode(self._seal(payload) + payload).decode().rstrip("=")

    def _seal(self, payload: bytes) -> bytes:
        return mac(self._key, self._bound_to + b"\x00" + payload, length=MAC_BYTES)


class PageProvider:
    """Makes the page of a request."""

    def __init__(self, secret_key: Secret) -> None:
        self._key = derive_key(secret_key, "page-cursor")

    async def provide(
        self, request: AnyRequest, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page:
        """Bind the page to the workspace, the path and the filter of the request."""
        chosen = sorted(
            (name, value)
            for name, value in request.query_params.multi_items()
            if name not in {"limit", "cursor", "after"}
        )
        bound_to = msgspec.json.encode([str(scope_of(request)), request.url.path, chosen])
        return Page(self._key, bound_to=bound_to, limit=limit, cursor=cursor)


def _as_key(value: object) -> Key:
    return value if isinstance(value, int | str) else str(value)


def _wrong_cursor() -> RefusalError:
    return RefusalError(
        "invalid_cursor",
        "the cursor was changed, or belongs to another list; start again without it",
    )
