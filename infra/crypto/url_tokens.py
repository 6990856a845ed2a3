"""Tokens in URLs: base64url without padding (RFC 4648, section 5), in one spelling only."""

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode_token(raw: bytes) -> str:
    """Return the one spelling of these bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_url_token() -> str:
    """Return 256 random bits, in 43 characters; what is stored of them is a digest."""
    return secrets.token_urlsafe(32)


def decode_token(token: str, *, characters: int) -> bytes | None:
    """Return what a token of this length encodes; None when it is none.

    The library's decoder overlooks foreign characters and spare bits: what does not encode back
    to the same text is refused, so no two tokens mean the same.
    """
    if len(token) != characters or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "==")
    except (binascii.Error, ValueError):
        return None
    return raw if urlsafe_b64encode(raw).rstrip(b"=") == token.encode() else None
