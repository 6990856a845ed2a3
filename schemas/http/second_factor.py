"""Second factors as the API takes and shows them."""

from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.accepted import Accepted
from schemas.http.fields import Request
from schemas.http.identity import Token

Code = Annotated[
    str,
    msgspec.Meta(
        min_length=6,
        max_length=40,
        description="Six digits of the device, or one of the recovery codes; each is good once.",
    ),
]
DeviceCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$", description="As the device shows.")]


class Proof(Request, frozen=True, kw_only=True):
    """What the person's device or paper says."""

    code: Code

    def __repr__(self) -> str:
        """Show no code."""
        return "Proof(***)"


class DeviceProof(Request, frozen=True, kw_only=True):
    """What the person's device says."""

    code: DeviceCode

    def __repr__(self) -> str:
        """Show no code."""
        return "DeviceProof(***)"


class ChallengeAnswer(Proof, frozen=True, kw_only=True):
    """The challenge of a sign-in, and what the person's device or paper says.

    With `cookie` the refresh token comes as a cookie that no script can read.
    """

    challenge: Token
    workspace_id: UUID | None = None
    cookie: bool = False

    def __repr__(self) -> str:
        """Show no secret."""
        return "ChallengeAnswer(***)"


class ShownSecret(Accepted, frozen=True, kw_only=True):
    """The secret for the device, as text and as the text of a QR code; not shown again."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"ShownSecret({self.position})"


class ShownRecoveryCodes(Accepted, frozen=True, kw_only=True):
    """Ten codes to keep on paper, each good once; not shown again."""

    recovery_codes: list[str]

    def __repr__(self) -> str:
        """Show no code."""
        return f"ShownRecoveryCodes({self.position})"
