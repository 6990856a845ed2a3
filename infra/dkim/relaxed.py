"""What a signature covers: header fields and bodies in the form `relaxed` (RFC 6376, 3.4).

A relay may fold fields anew and trim spaces at the ends of lines without breaking a signature.
"""

import re

_SPACES = re.compile(rb"[ \t]+")
_BEFORE_LINE_END = re.compile(rb"[ \t]+(?=\r\n)")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


def relaxed_field(field: bytes) -> bytes:
    """Return one header field, given with its line break, in canonical form (3.4.2)."""
    name, _, value = field.partition(b":")
    unfolded = _SPACES.sub(b" ", value.replace(b"\r\n", b""))
    return name.rstrip(b" \t").lower() + b":" + unfolded.strip(b" ") + b"\r\n"


def relaxed_lines(lines: bytes) -> bytes:
    """Return whole lines of a body in canonical form; empty lines at the end stay (3.4.4)."""
    if b" \r\n" not in lines and b"  " not in lines and b"\t" not in lines:
        return lines
    return _SPACES.sub(b" ", _BEFORE_LINE_END.sub(b"", lines))


def relaxed_body(body: bytes) -> bytes:
    """Return a whole body in canonical form."""
    lines = relaxed_lines(body)
    trimmed = lines.rstrip(b"\r\n") if lines.endswith(b"\r\n") else lines
    return trimmed + b"\r\n" if trimmed else b""


def fields_of(header: bytes) -> list[bytes]:
    """Return the fields of a header block that ends with a line break, each with its own."""
    return [field + b"\r\n" for field in _FIELD_END.split(header) if field]
