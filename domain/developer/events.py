"""The vocabulary of API keys; their older name, which the tags keep, is API token."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class ApiTokenIssued(Event, frozen=True):
    """A program may act for the workspace. The secret itself is never stored.

    `scopes` is all that it may do; None is what every token may (`domain.developer.scopes`), and
    `permissions` beyond that. `prefix` are the first characters of the secret. What a `test` key
    sends reaches only the sandbox.
    """

    TAG: ClassVar[str] = "developer.api_token_issued.v1"
    token_id: UUID
    name: str
    sha256: str
    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    prefix: str = ""
    test: bool = False
    expires_at: datetime | None = None
    networks: tuple[str, ...] = ()


class ApiTokenRotated(Event, frozen=True):
    """The token has a new secret; the one before is good until `old_ends_at`, older ones end."""

    TAG: ClassVar[str] = "developer.api_token_rotated.v1"
    token_id: UUID
    sha256: str
    prefix: str
    old_ends_at: datetime


class ApiTokenRevoked(Event, frozen=True):
    """The token is refused from now on."""

    TAG: ClassVar[str] = "developer.api_token_revoked.v1"
    token_id: UUID


DeveloperEvent = ApiTokenIssued | ApiTokenRotated | ApiTokenRevoked
EVENTS: tuple[type[Event], ...] = (ApiTokenIssued, ApiTokenRotated, ApiTokenRevoked)
