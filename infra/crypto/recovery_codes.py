"""Recovery codes: 80 random bits in base 32, of which a keyed digest is kept."""

import base64
import secrets
from uuid import UUID

from infra.crypto.derive import derive_key, mac
from infra.settings import Secret

RANDOM_BYTES = 10
GROUP = 4
DIGEST_BYTES = 32


def new_recovery_code() -> str:
    """Return a code such as `7k2m-q4xw-…`: four groups of four."""
    text = base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


class RecoveryCodeDigests:
    """What is kept of codes; 80 bits need no slow hash, and the key makes a leaked log useless."""

    def __init__(self, secret_key: Secret) -> None:
        self._key = derive_key(secret_key, "recovery-codes")

    def of(self, user_id: UUID, code: str) -> str:
        """Return the digest in hex; case, spaces and hyphens do not matter."""
        bare = "".join(character for character in code.lower() if character.isalnum())
        return mac(self._key, user_id.bytes + bare.encode(), length=DIGEST_BYTES).hex()
