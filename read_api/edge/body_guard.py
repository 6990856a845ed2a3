"""What a request may carry: the right media type, bounded JSON, no control characters."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request

from read_api.edge.refusals import RefusalError, wrong_field

MAX_DEPTH = 64
SMALL_BODY_BYTES = 64 * 1024
"""The limit of routes that do not name their own."""
JSON = "application/json"
CSV = "text/csv"
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
UPLOADS = frozenset({CSV, "multipart/form-data"})
_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS"})
# C0 but tab and line ends, DEL, C1, and what JSON can smuggle in as half a character.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters


async def guard_body(request: AnyRequest) -> None:
    """Refuse what must not reach a handler; runs after the permission guard, before parsing."""
    _check_query(request)
    if request.method in _BODYLESS:
        return
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusalError("unsupported_media_type", "send the body without a Content-Encoding")
    match request.route_handler.opt.get("body"):
        case "upload":
            _require_type(request, UPLOADS)
        case "form":
            _require_type(request, FORMS)
        case _:
            await _check_json(request)


def parse_json(body: bytes) -> object:
    """Decode JSON. Raises RefusalError that names the place for what is not JSON, or too deep."""
    try:
        value: object = msgspec.json.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError as error:
        raise RefusalError(
            "malformed_json", f"the body is not UTF-8: bad byte at position {error.start}"
        ) from None
    except msgspec.DecodeError as error:
        raise RefusalError("malformed_json", f"the body is not JSON: {error}") from None
    return value


def check_text(value: object) -> None:
    """Refuse control characters anywhere, and nesting that no request of ours needs."""
    for pointer, text in _texts(value):
        found = _CONTROL.search(text)
        if found:
            raise wrong_field(
                pointer,
                code="control_character",
                detail=f"the character U+{ord(found[0]):04X} at position {found.start()} "
                "is not allowed; remove it",
            )


def check_names(body: bytes) -> None:
    """Refuse JSON with a name twice in one object: two readers could read two things (RFC 8259, 4).

    For JSON that `parse_json` took; the parser it uses keeps the last and says nothing.
    """
    try:
        json.loads(body, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except RecursionError:
        raise _too_deep() from None


def _once(pairs: list[tuple[str, object]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) < len(pairs):
        raise RefusalError("malformed_json", "an object of the body has a name twice; send it once")


async def _check_json(request: AnyRequest) -> None:
    body = await request.body()
    takes_body = "data" in request.route_handler.parsed_fn_signature.parameters
    if not body and not takes_body:
        return
    _require_type(request, frozenset({JSON}))
    value = parse_json(body)
    check_text(value)
    check_names(body)
    if not takes_body and value != {}:
        raise RefusalError("invalid_request", "this request takes no body; send none")


def _require_type(request: AnyRequest, allowed: frozenset[str]) -> None:
    media_type, options = request.content_type
    if media_type not in allowed:
        raise RefusalError(
            "unsupported_media_type", f"send Content-Type: {' or '.join(sorted(allowed))}"
        )
    charset = options.get("charset", "utf-8").lower()
    if media_type == JSON and charset not in {"utf-8", "utf8"}:
        raise RefusalError("unsupported_media_type", "JSON is UTF-8; leave the charset out")


def _check_query(request: AnyRequest) -> None:
    for name, value in request.query_params.multi_items():
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise wrong_field(
                _CONTROL.sub("?", name),
                code="control_character",
                detail="the parameter has a control character; remove it",
            )


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Yield every key and string with its JSON pointer (RFC 6901), without recursion."""
    stack: list[tuple[str, object, int]] = [("", value, 0)]
    while stack:
        pointer, item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(item, str):
            yield pointer or "/", item
        elif isinstance(item, dict):
            for key, inner in item.items():
                yield pointer or "/", key
                name = key.replace("~", "~0").replace("/", "~1")
                stack.append((f"{pointer}/{name}", inner, depth + 1))
        elif isinstance(item, list):
            stack += [(f"{pointer}/{n}", inner, depth + 1) for n, inner in enumerate(item)]


def _too_deep() -> RefusalError:
    return RefusalError(
        "malformed_json", f"the JSON is nested deeper than {MAX_DEPTH} levels; flatten it"
    )
