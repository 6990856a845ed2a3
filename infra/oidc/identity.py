"""Whom somebody else vouches for."""

import msgspec


class ForeignIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is at another issuer: `subject` is unique there, and for ever.

    `verified_address` is an e-mail address that the issuer itself has proved, else None.
    """

    issuer: str
    subject: str
    verified_address: str | None
    second_factor: bool

    def __repr__(self) -> str:
        """Show neither the subject nor the address."""
        return f"ForeignIdentity({self.issuer})"
