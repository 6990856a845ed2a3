"""What the commands of the second factor need from the outside world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from commands.ports import Effect


class SecondFactors(Protocol):
    """The secrets, sealed under their people's keys, and the last step that each was used at."""

    def enrol(self, user_id: UUID, secret: str) -> Effect:
        """Return the effect that keeps a secret that does not count yet."""

    def confirm(self, user_id: UUID, *, step: int, session_id: UUID) -> Effect:
        """Return the effect that makes it count, in this session and for every sign-in.

        Codes up to this step are used.
        """

    def remove(self, user_id: UUID) -> Effect:
        """Return the effect that forgets it; sign-ins ask for none."""

    def secret(self, user_id: UUID) -> str | None:
        """Return the secret, confirmed or not; None when there is none, or the key is gone."""

    def spend(self, user_id: UUID, *, step: int) -> bool:
        """Use the code of a step, at once; False when it, or a later one, was used before."""


class OneTimeCodes(Protocol):
    """Codes by time (RFC 6238), and codes on paper."""

    def new_secret(self) -> str:
        """Return a secret of 160 bits, in base 32."""

    def uri(self, secret: str, *, label: str) -> str:
        """Return what the QR code for the device says."""

    def step(self, secret: str, code: str, *, now: datetime) -> int | None:
        """Return which step's code this is, of the current one and its neighbours; else None."""

    def new_recovery_codes(self) -> Sequence[str]:
        """Return ten codes to write down, of 80 bits each."""

    def digest(self, user_id: UUID, recovery_code: str) -> str:
        """Return what is kept of a recovery code; upper case, spaces and hyphens do not matter."""
