"""One-time codes by time (RFC 6238), as authenticator apps show them, and recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pyotp

from domain.identity.second_factor import RECOVERY_CODES
from infra.crypto.recovery_codes import RecoveryCodeDigests, new_recovery_code
from infra.settings import Secret

ISSUER = "Email Engine"
NEIGHBOURS = 1  # steps of 30 s that a clock may be off either way (RFC 6238, 5.2)


class TotpCodes:
    """The port `commands.identity.factor_ports.OneTimeCodes`."""

    def __init__(self, secret_key: Secret) -> None:
        self._digests = RecoveryCodeDigests(secret_key)

    def new_secret(self) -> str:
        """See the port."""
        return pyotp.random_base32()

    def uri(self, secret: str, *, label: str) -> str:
        """Return what the QR code says (Key Uri Format of authenticator apps)."""
        return pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=ISSUER)

    def step(self, secret: str, code: str, *, now: datetime) -> int | None:
        """See the port; pyotp compares in constant time."""
        try:
            return pyotp.TOTP(secret).verify_and_get_timecode(
                code, for_time=now, valid_window=NEIGHBOURS
            )
        except pyotp.OTPVerificationError:
            return None

    def new_recovery_codes(self) -> Sequence[str]:
        """See the port."""
        return [new_recovery_code() for _ in range(RECOVERY_CODES)]

    def digest(self, user_id: UUID, recovery_code: str) -> str:
        """See the port."""
        return self._digests.of(user_id, recovery_code)
