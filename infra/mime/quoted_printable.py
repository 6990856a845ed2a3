"""Quoted-printable (RFC 2045, 6.7) in pieces that can be joined in any order of lengths.

Every piece ends at a line's start: a fixed text ends with a hard or soft line break, and so does a
filled-in value. So each is encoded alone, and no line of the result is longer than 76. No line
begins with a dot, so SMTP has none to double (RFC 5321, 4.5.2).
"""

SOFT_BREAK = b"=\r\n"
_MAX = 75  # and one for the `=` of a soft break
_DOT = ord(".")
_FIRST_DOT = b"=2E"  # where a line begins
_PLAIN = frozenset(range(ord("!"), ord("~") + 1)) - {ord("=")} | {ord(" "), ord("\t")}
_UNIT = [bytes([code]) if code in _PLAIN else b"=%02X" % code for code in range(256)]


def encode_fixed(text: str) -> bytes:
    """Encode a text that is known at compile time; its line feeds become CRLF.

    The result ends with a line break: a hard one if the text does, else a soft one.
    """
    *lines, last = text.split("\n")
    encoded = [_line(line, hard=True) for line in lines]
    if last:
        encoded.append(_line(last, hard=False))
    return b"".join(encoded)


def _line(line: str, *, hard: bool) -> bytes:
    data = line.encode()
    units = [_UNIT[code] for code in data]
    if hard and data[-1:] in {b" ", b"\t"}:
        units[-1] = b"=%02X" % data[-1]
    written, width = bytearray(), 0
    for unit in units:
        if width + len(unit) > _MAX:
            written += SOFT_BREAK
            width = 0
        if not width and unit == b".":
            unit = _FIRST_DOT  # noqa: PLW2901  what is written of it
        written += unit
        width += len(unit)
    return bytes(written) + (b"\r\n" if hard else SOFT_BREAK)


def encode_value(value: str) -> bytes:
    """Encode a recipient's value, quickly; the result is empty or ends with a soft break."""
    if not value:
        return b""
    if not (value.isascii() and value.isprintable()) or "=" in value:
        return _line(value.replace("\r\n", "\n").replace("\n", "\r\n"), hard=False)
    data = value.encode()
    if len(data) <= _MAX and data[0] != _DOT:
        return data + SOFT_BREAK
    encoded = SOFT_BREAK.join([data[at : at + _MAX] for at in range(0, len(data), _MAX)])
    if data[0] == _DOT or b"\n." in encoded:
        return _line(value, hard=False)
    return encoded + SOFT_BREAK
