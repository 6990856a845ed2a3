"""Before any route: whose request is it, is it for us, may a page make it, how long may it take."""

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from read_api.edge.client_address import ProxyTrust
from read_api.edge.deadlines import Deadlines
from read_api.edge.origins import Origins
from read_api.edge.problems import MEDIA_TYPE
from read_api.edge.refusals import STATUS, TITLES, RefusalError
from read_api.edge.request_marks import REQUEST_ID
from schemas.http.problems import Problem


class FrontDoor:
    """The layer between the envelope and the routes; refuses with problem+json like they do."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        proxies: ProxyTrust,
        origins: Origins,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._app = deadlines or Deadlines(app)
        self._proxies = proxies
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        self._proxies.settle(scope)
        try:
            self._origins.check_host(scope)
            preflight = self._origins.preflight(scope)
            if preflight is not None:
                await _answer(send, 204, preflight, b"")
                return
            self._origins.check_cookies(scope)
            cors = self._origins.cors(scope)

            async def send_with_leave(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *cors]
                await send(message)

            await self._app(scope, receive, send_with_leave)
        except RefusalError as refusal:
            await _refuse(scope, send, refusal)


async def _refuse(scope: Scope, send: Send, refusal: RefusalError) -> None:
    status = STATUS[refusal.code]
    body = Problem(
        title=TITLES[status],
        status=status,
        code=refusal.code,
        detail=refusal.detail,
        request_id=scope[REQUEST_ID],  # type: ignore[literal-required] # by ASGI open to more keys
    )
    headers = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    kind = (b"content-type", MEDIA_TYPE.encode())
    await _answer(send, status, [kind, *headers], msgspec.json.encode(body))


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = [(b"content-length", str(len(body)).encode())] if body else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
