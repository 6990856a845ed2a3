"""What a browser keeps while it is at the provider: sealed, for ten minutes, in one cookie."""

import os
from collections.abc import Callable
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.crypto.derive import derive_key
from infra.crypto.url_tokens import new_url_token
from infra.settings import Secret

LIFETIME_S = 600
_NONCE_BYTES = 12
_BOUND_TO = b"oidc-round-trip"


class RoundTrip(msgspec.Struct, frozen=True):
    """The secrets of one sign-in; `expires_at` is in seconds of Unix time."""

    state: str
    nonce: str
    code_verifier: str
    expires_at: int

    def __repr__(self) -> str:
        """Show no secret."""
        return "RoundTrip(***)"


class RoundTrips:
    """Draws, seals and opens them; nothing is kept on the server."""

    def __init__(self, secret_key: Secret, *, now: Callable[[], datetime]) -> None:
        self._cipher = AESGCM(derive_key(secret_key, "oidc-round-trip"))
        self._now = now

    def begin(self) -> RoundTrip:
        """Return new secrets of 256 bits each."""
        state, nonce, verifier = (new_url_token() for _ in range(3))
        return RoundTrip(state, nonce, verifier, int(self._now().timestamp()) + LIFETIME_S)

    def seal(self, trip: RoundTrip) -> str:
        """Return the cookie's value."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._cipher.encrypt(nonce, msgspec.json.encode(trip), _BOUND_TO)
        return (nonce + box).hex()

    def open(self, cookie: str) -> RoundTrip | None:
        """Return what was sealed; None when it was not by us, or is over."""
        try:
            raw = bytes.fromhex(cookie)
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _BOUND_TO)
        except (ValueError, InvalidTag):
            return None
        trip = msgspec.json.decode(plain, type=RoundTrip)
        return trip if trip.expires_at > self._now().timestamp() else None
