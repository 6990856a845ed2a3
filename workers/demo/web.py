"""A small HTTP client for the demo: one kept connection, JSON in and out, no redirects."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

Json = Any  # whatever a JSON answer holds


class UnexpectedAnswerError(Exception):
    """The server answered something else than the story needs."""


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Json:
        """Return the decoded body."""
        return json.loads(self.body)


class Web:
    """Requests to one server; a dropped connection is opened again once."""

    def __init__(self, base: str, *, token: str = "") -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(
        self, method: str, url: str, body: bytes = b"", content_type: str = "", **headers: str
    ) -> Answer:
        """Send one request; `url` may be a path or a URL of this server."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = self._headers | headers | ({"Content-Type": content_type} if content_type else {})
        for last in (False, True):
            try:
                self._connection.request(method, target, body=body or None, headers=sent)
                response = self._connection.getresponse()
                return Answer(response.status, response.headers, response.read())
            except (http.client.HTTPException, ConnectionError):
                self._connection.close()
                if last:
                    raise
        raise AssertionError("unreachable")

    def get(self, url: str) -> Json:
        """GET JSON; raises UnexpectedAnswerError for anything but 200."""
        return self._expect(self.request("GET", url), http.client.OK).json()

    def get_own_write(self, path: str, *, after: int, tries: int = 30) -> Json:
        """GET what a write at position `after` changed; the server waits 2 s a try for it."""
        for _ in range(tries):
            answer = self.request("GET", f"{path}?after={after}")
            if answer.status != http.client.CONFLICT:
                break
        return self._expect(answer, http.client.OK).json()

    def post(self, url: str, value: Json = None) -> Json:
        """POST JSON (or nothing) and return the JSON answer; raises for anything but 2xx."""
        body = json.dumps({} if value is None else value).encode()
        answer = self.request("POST", url, body, "application/json")
        return self._expect(answer, http.client.ACCEPTED).json()

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        self._connection.close()

    def _expect(self, answer: Answer, status: int) -> Answer:
        if answer.status != status:
            text = answer.body.decode(errors="replace")[:500]
            raise UnexpectedAnswerError(f"expected {status}, got {answer.status}: {text}")
        return answer
