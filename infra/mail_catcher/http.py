"""The catcher's page and JSON API on the standard library's server: one thread a connection.

GET /api/messages?after=ID&limit=N[&rcpt_to=ADDRESS][&raw=1] · GET /api/messages/ID[/raw] ·
GET /api/stats · DELETE /api/messages[?ids=ID,ID] · GET / · GET /messages/ID[/html]
"""

import re
import sqlite3
from base64 import b64encode
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from infra.mail_catcher import pages
from infra.mail_catcher.store import CapturedMail, MailReader

PAGE_SIZE = 50
MAX_LIMIT = 1_000
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ONE = re.compile(r"/(api/)?messages/(\d{1,18})(/raw|/html)?")
_NUMBER = re.compile(r"[0-9]{1,18}")
_ID = re.compile(r"[0-9a-fA-F-]{32,36}")  # the local part of a Message-ID of ours
_HTML = "text/html; charset=utf-8"


class InboxServer(ThreadingHTTPServer):
    """Serves one data directory on loopback."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, data_dir: Path) -> None:
        super().__init__(address, InboxHandler)
        self.data_dir = data_dir


class InboxHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "mail-catcher"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 60
    server: InboxServer

    def setup(self) -> None:
        """Open the database in this connection's own thread."""
        super().setup()
        self._reader = MailReader(self.server.data_dir)

    def finish(self) -> None:
        """Close it again."""
        self._reader.close()
        super().finish()

    def do_GET(self) -> None:
        """Route by path."""
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if not self._is_addressed_locally():
            return
        if (one := _ONE.fullmatch(url.path)) is not None:
            self._one(int(one[2]), is_api=one[1] is not None, part=one[3] or "")
            return
        match url.path:
            case "/":
                self._inbox(query)
            case "/style.css":
                self._answer(pages.STYLE.encode(), kind="text/css; charset=utf-8")
            case "/api/messages":
                self._messages(query)
            case "/api/stats":
                self._json(self._reader.stats())
            case _:
                self._nothing()

    def do_DELETE(self) -> None:
        """Forget the messages named, or everything."""
        if not self._is_addressed_locally():
            return
        url = urlsplit(self.path)
        if url.path != "/api/messages":
            self._nothing()
            return
        ids = parse_qs(url.query).get("ids", [""])[-1]
        try:
            if ids:
                self._reader.forget([one for one in ids.split(",") if _ID.fullmatch(one)])
            else:
                self._reader.forget_all()
        except sqlite3.OperationalError:
            self._json({"code": "busy"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._answer(b"", kind="text/plain", status=HTTPStatus.NO_CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  inherited name
        """Stay silent: requests carry addresses."""

    def _inbox(self, query: dict[str, str]) -> None:
        rcpt_to = query.get("rcpt_to", "").strip()
        before = _number(query.get("before"), default=2**62)
        mails = self._reader.newest_first(before=before, limit=PAGE_SIZE + 1, rcpt_to=rcpt_to)
        shown = mails[:PAGE_SIZE]
        next_before = shown[-1].id if len(mails) > PAGE_SIZE else None
        page = pages.inbox(
            shown, stats=self._reader.stats(), rcpt_to=rcpt_to, next_before=next_before
        )
        self._answer(page.encode(), kind=_HTML)

    def _messages(self, query: dict[str, str]) -> None:
        after = _number(query.get("after"), default=0)
        limit = min(max(_number(query.get("limit"), default=100), 1), MAX_LIMIT)
        mails = self._reader.oldest_first(
            after=after, limit=limit, rcpt_to=query.get("rcpt_to", "").strip()
        )
        with_raw = query.get("raw") == "1"
        self._json(
            {
                "messages": [self._as_dict(mail, with_raw=with_raw) for mail in mails],
                "next_after": mails[-1].id if mails else after,
            }
        )

    def _as_dict(self, mail: CapturedMail, *, with_raw: bool) -> dict[str, object]:
        described: dict[str, object] = msgspec.structs.asdict(mail)
        if with_raw:
            described["raw_base64"] = b64encode(self._reader.raw(mail.id) or b"").decode()
        return described

    def _one(self, mail_id: int, *, is_api: bool, part: str) -> None:
        mail = self._reader.find(mail_id)
        raw = self._reader.raw(mail_id)
        if mail is None or raw is None:
            self._nothing()
        elif part == "/raw" and is_api:
            # As plain text, never as a message a browser might open in a mail client.
            self._answer(raw, kind="text/plain; charset=utf-8")
        elif is_api and not part:
            self._json(mail)
        elif part == "/html" and not is_api and (html := pages.html_part(raw)) is not None:
            self._answer(html.encode(), kind=_HTML, policy=pages.MAIL_POLICY)
        elif not part:
            self._answer(pages.one_message(mail, raw=raw).encode(), kind=_HTML)
        else:
            self._nothing()

    def _is_addressed_locally(self) -> bool:
        """Refuse other host names: a rebound DNS name would let any web page read the inbox."""
        host = re.sub(r":\d{1,5}$", "", self.headers.get("Host", ""))
        bound = str(self.server.server_address[0])
        if host in _LOCAL_NAMES or host == bound:
            return True
        self._json({"code": "wrong_host"}, status=HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _nothing(self) -> None:
        self._json({"code": "not_found"}, status=HTTPStatus.NOT_FOUND)

    def _json(self, content: object, *, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._answer(msgspec.json.encode(content), kind="application/json", status=status)

    def _answer(
        self,
        body: bytes,
        *,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        policy: str = pages.PAGE_POLICY,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _number(text: str | None, *, default: int) -> int:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else default
