"""Strict, bounded, incremental parsing of SMTP replies (RFC 5321 4.2)."""

MAX_LINE_BYTES = 2_048
MAX_REPLY_BYTES = 16_384
MAX_REPLY_LINES = 64
# First digit 2 to 5, second 0 to 5 (RFC 5321 4.2).
_CODES = {
    f"{kind}{subject}{detail}".encode(): kind * 100 + subject * 10 + detail
    for kind in range(2, 6)
    for subject in range(6)
    for detail in range(10)
}


class ReplySyntaxError(Exception):
    """The server wrote something that is not an SMTP reply; the conversation is lost."""


class ReplyParser:
    """Turns received bytes into replies of (code, text); lines are joined by a newline.

    Every line must end in CRLF, begin with a code of 2xx to 5xx and the same code as the lines
    before it; a server that breaks this is not guessed at.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []
        self._bytes = 0

    @property
    def is_mid_reply(self) -> bool:
        """Whether a reply has begun and not ended."""
        return bool(self._rest or self._lines)

    def feed(self, received: bytes) -> list[tuple[int, bytes]]:
        """Return the replies that these bytes complete.

        Raises:
            ReplySyntaxError: garbage, or a reply beyond the limits.
        """
        lines = (self._rest + received).split(b"\r\n")
        self._rest = lines.pop()
        replies: list[tuple[int, bytes]] = []
        for line in lines:
            separator = line[3:4]
            code = _CODES.get(line[:3])
            if code is None or separator not in {b" ", b"-", b""} or len(line) > MAX_LINE_BYTES:
                raise ReplySyntaxError(_excerpt(line))
            if separator != b"-" and not self._lines:
                replies.append((code, line[4:]))
                continue
            self._continue(code, line)
            if separator != b"-":
                replies.append((code, b"\n".join(self._lines)))
                self._lines, self._bytes = [], 0
        if len(self._rest) > MAX_LINE_BYTES or b"\n" in self._rest:
            raise ReplySyntaxError(_excerpt(self._rest))
        return replies

    def _continue(self, code: int, line: bytes) -> None:
        if self._lines and code != self._code:
            raise ReplySyntaxError(_excerpt(line))
        self._code = code
        self._lines.append(line[4:])
        self._bytes += len(line)
        if self._bytes > MAX_REPLY_BYTES or len(self._lines) > MAX_REPLY_LINES:
            raise ReplySyntaxError(f"reply longer than {MAX_REPLY_BYTES} bytes")


def _excerpt(line: bytes) -> str:
    return repr(line[:80])
