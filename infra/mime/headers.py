"""The one place where header fields become bytes: nothing unchecked passes, in clear or encoded.

CPython 3.11's own serialiser lets a line break out of an encoded word, so fields are built here.
Decode first, check, encode last.
"""

import re
from base64 import b64encode
from binascii import Error as Base64Error
from email.errors import HeaderParseError
from email.header import decode_header

from domain.content.errors import UnsafeHeaderError
from domain.content.escaping import one_line

MAX_LINE = 76
MAX_HARD_LINE = 998
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOM_TEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(
    r'[^\x00-\x20\x7f-\x9f<>()\[\]:;@\\,"]{1,64}@[^\x00-\x20\x7f-\x9f<>()\[\]:;@\\,"]{1,255}'
)
_WORD_OVERHEAD = len("=?utf-8?b??=")
_DECODE_ROUNDS = 3


def checked(field: str, text: str) -> str:
    """Return an author's header text decoded. Raises UnsafeHeaderError for control characters."""
    decoded = _decoded(text)
    if _UNSAFE.search(text) or _UNSAFE.search(decoded):
        raise UnsafeHeaderError(
            f"{field} has line breaks or control characters, open or in an encoded word: write it "
            "as one line of plain text"
        )
    return _no_encoded_words(decoded).strip()


def merged(text: str) -> str:
    """Return a text that holds recipients' values as one safe line; never refuses."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text.strip()
    return _no_encoded_words(one_line(_decoded(one_line(text)))).strip()


def _decoded(text: str) -> str:
    for _ in range(_DECODE_ROUNDS):
        again = _decoded_once(text) if "=?" in text else text
        if again == text:
            break
        text = again
    return text


def _decoded_once(text: str) -> str:
    # The library hands plain pieces back in the encoding named here; a broken word stays text.
    try:
        parts = decode_header(text)
        return "".join(
            part.decode(charset or "raw-unicode-escape") if isinstance(part, bytes) else part
            for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError, Base64Error):
        return text


def _no_encoded_words(text: str) -> str:
    """Break up what a reader could take for an encoded word once more."""
    return text.replace("=?", "= ?") if "=?" in text and "?=" in text else text


def unstructured(field: str, text: str) -> bytes:
    """Return `Field: text` with its line break, folded; the text must be `checked` or `merged`."""
    line = f"{field}: {text}"
    if text.isascii():
        if len(line) <= MAX_LINE:
            return line.encode() + b"\r\n"
        folded = _folded(line)
        if folded:
            return folded
    words = b"\r\n ".join(_encoded_words(text, first_column=len(field) + 2))
    return field.encode() + b": " + words + b"\r\n"


def mailbox(field: str, name: str, address: str) -> bytes:
    """Return `Field: "Name" <address>`. Raises UnsafeHeaderError for an impossible address."""
    if not _ADDRESS.fullmatch(address):
        raise UnsafeHeaderError(f"the address in {field} cannot stand in a header: correct it")
    start = field.encode() + b": "
    if not name:
        return start + address.encode() + b"\r\n"
    end = b" <" + address.encode() + b">\r\n"
    if name.isascii() and len(name) < MAX_LINE - len(start) - 4:
        shown = name if _ATOM_TEXT.fullmatch(name) else _quoted(name)
        written = start + shown.encode()
    else:
        written = start + b"\r\n ".join(_encoded_words(name, first_column=len(start)))
    fits = len(written) - written.rfind(b"\n") - 1 + len(end) - 2 <= MAX_LINE
    return written + (end if fits else b"\r\n" + end)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def token(field: str, value: str) -> bytes:
    """Return a field whose value is one visible ASCII token, never folded (ids, URLs)."""
    if not (value.isascii() and value.isprintable()) or len(value) > MAX_HARD_LINE - len(field) - 2:
        raise UnsafeHeaderError(f"{field} must be one line of ASCII: {value[:40]!r}")
    return f"{field}: {value}\r\n".encode()


def _folded(line: str) -> bytes:
    """Fold at single spaces; empty when that cannot keep the text as it is."""
    words = line.split(" ")
    if any(not word or len(word) > MAX_LINE - 1 for word in words):
        return b""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= MAX_LINE or (len(lines) == 1 and lines[0] == words[0]):
            lines[-1] += " " + word
        else:
            lines.append(" " + word)
    if len(lines[0]) > MAX_LINE:
        return b""
    return "\r\n".join(lines).encode() + b"\r\n"


def _encoded_words(text: str, *, first_column: int) -> list[bytes]:
    """Return RFC 2047 words of at most 75 characters, split between characters."""
    room = (MAX_LINE - first_column - _WORD_OVERHEAD) // 4 * 3
    words: list[bytes] = []
    chunk = bytearray()
    for character in text:
        data = character.encode()
        if len(chunk) + len(data) > room:
            words.append(_word(chunk))
            chunk = bytearray()
            room = (MAX_LINE - 1 - _WORD_OVERHEAD) // 4 * 3
        chunk += data
    return [*words, _word(chunk)]


def _word(chunk: bytearray) -> bytes:
    return b"=?utf-8?b?" + b64encode(chunk) + b"?="
