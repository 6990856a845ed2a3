"""Keep personal data and secrets out of logs: by the field's name and by the value's shape."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from uuid import UUID

SECRET_FIELDS = re.compile(
    r"passw(or)?d|secret|token|authorization|cookie|credential|dsn"
    r"|(api|private|signing|session|vault|sealing)_?key",
    re.IGNORECASE,
)
PERSONAL_FIELDS = frozenset(
    {"email", "address", "addresses", "recipient", "recipients", "rcpt_to", "mail_from", "to"}
    | {"first_name", "last_name", "full_name", "phone", "ip", "remote_addr", "user_agent"}
)
HIDDEN = "[hidden]"
TEXT_MAX = 16_384
"""Longer texts are cut before they are searched: a log line is not an archive."""

# Every quantifier over a class is bounded or followed by a character outside of the class, so
# each pattern runs in time linear in the text.
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+]{1,20}://)[^\s/@]{1,512}@")
_EMAIL = re.compile(r"[^\s@<>\"'(),;:\[\]{}=|]{1,64}@[^\s@<>\"'(),;:\[\]{}=|/?&]{1,255}")
_NAMED = re.compile(
    r"(?i)\b(?:password|passwd|secret|token|api_key)\s{0,4}[=:]\s{0,4}[^\s,;&]{1,512}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}-----)?"
)
# Each with its shortest match and what is in every match: other texts are not searched.
_SECRETS = (
    (11, "eyJ", re.compile(r"\beyJ[\w-]{5,4096}\.[\w-]{1,8192}\.[\w-]{0,4096}")),
    (14, "", re.compile(r"(?i)\b(?:bearer|basic)\s{1,4}[\w.~+/=-]{8,4096}")),
    (27, "_", re.compile(r"\b[a-z]{2,12}_(?:live_|test_)?[A-Za-z0-9]{24,512}\b")),
    (7, "=", _NAMED),
    (7, ":", _NAMED),
    (27, "-----BEGIN ", _PRIVATE_KEY),
)
# Line and paragraph separators and the bidirectional controls can forge lines on a terminal.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Redactor:
    """Redact values of a log line.

    With a `key`, an address becomes a short keyed hash: the same person can be followed through
    the log without being named. Without one it is only hidden.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def field(self, name: str, value: object) -> object:
        """Return what may be logged of the value under this name."""
        if SECRET_FIELDS.search(name) and not isinstance(value, int):
            return HIDDEN  # a number under such a name is a count
        if name.lower() in PERSONAL_FIELDS and isinstance(value, str):
            return self._person(value)
        return self.value(value)

    def value(self, value: object) -> object:
        """Return the value with everything redacted that looks personal or secret."""
        match value:
            case str():
                return self.text(value)
            case None | bool() | int() | float():
                return value
            case UUID():
                return str(value)
            case Mapping():
                return {str(key): self.field(str(key), item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(item) for item in value]
            case _:
                return self.text(str(value))

    def text(self, text: str) -> str:
        """Return the text with addresses and secrets replaced, cut to `TEXT_MAX` characters."""
        text = text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "… (cut)"
        if "@" in text:
            text = _URL_PASSWORD.sub(rf"\g<head>{HIDDEN}@", text)
        for shortest, mark, pattern in _SECRETS:
            if len(text) >= shortest and mark in text:
                text = pattern.sub(HIDDEN, text)
        if "@" not in text:
            return text
        # "//[hidden]@host" is not an address: the class excludes brackets.
        return _EMAIL.sub(lambda found: self._person(found.group()), text)

    def _person(self, address: str) -> str:
        if self._key is None:
            return "[person]"
        digest = hmac.digest(self._key, address.strip().lower().encode(), hashlib.sha256)
        return f"[person {digest[:6].hex()}]"


def escape_controls(text: str, *, keep: str = "") -> str:
    """Return the text with control characters written out, so that it cannot forge lines."""
    escape: Callable[[re.Match[str]], str] = lambda found: (  # noqa: E731 - names the type
        found.group() if found.group() in keep else _written_out(found.group())
    )
    return _CONTROL.sub(escape, text)


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
