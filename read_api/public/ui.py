"""The web interface: one page for all its addresses, and the files it is made of."""

import re
import secrets
from pathlib import Path
from typing import Any

from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from commands.http import pages

BUNDLE = Path(__file__).parents[1] / "_ui"
"""Where build_ui.py puts it; the wheel carries it."""
OTHERS = re.compile(r"/(v\d+|t|u|assets|schema)(/|\Z)|.*[.\0]", re.DOTALL)
"""Never a page of the interface: the API, what mails link to, and whatever looks like a file."""
PLACE_OF_NONCE = "__CSP_NONCE__"
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HASHED = re.compile(r"-[\w-]{8}\.\w+\Z")
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
OWN = {"cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin"}
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters
OPEN = {
    "public": True,
    "unlimited": True,
    "own_headers": frozenset(
        {
            b"content-security-policy",
            b"cache-control",
            b"cross-origin-resource-policy",
            b"vary",
        }
    ),
}


@route(
    ["/", "/{path:path}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    status_code=HTTP_200_OK,
    media_type=MediaType.HTML,
    sync_to_thread=False,  # a small file; the framework would wrap a handler of two paths twice
    include_in_schema=False,
    opt=OPEN,
)
def get_ui(request: AnyRequest) -> Response[str]:
    """Return the page; the script in it knows what the address means."""
    if OTHERS.match(request.scope["path"]):
        raise NotFoundException
    page = BUNDLE / "index.html"
    if not page.exists():
        return Response(pages.NOT_BUILT, status_code=HTTP_503_SERVICE_UNAVAILABLE)
    nonce = secrets.token_urlsafe(16)
    headers = {
        "content-security-policy": POLICY.format(nonce=nonce),
        "cache-control": ASK_AGAIN,
        **OWN,
    }
    return Response(page.read_text().replace(PLACE_OF_NONCE, nonce), headers=headers)


@route(
    "/assets/{name:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    include_in_schema=False,
    opt=OPEN,
)
def get_asset(name: FromPath[str], request: AnyRequest) -> Response[bytes]:
    """Return a file of the bundle, packed when the browser takes that."""
    file = BUNDLE / "assets" / name
    if name.startswith(".") or file.suffix not in KINDS or not file.is_file():
        raise NotFoundException
    headers = {
        "content-type": KINDS[file.suffix],
        "cache-control": FOR_EVER if HASHED.search(name) else ASK_AGAIN,
        "vary": "Accept-Encoding, Origin",
        **OWN,
    }
    packed = file.with_name(f"{name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        file, headers = packed, {**headers, "content-encoding": "gzip"}
    return Response(file.read_bytes(), headers=headers)
