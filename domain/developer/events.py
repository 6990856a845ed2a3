"""The vocabulary of API tokens."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class ApiTokenIssued(Event, frozen=True):
    """A program may act for the workspace. The secret itself is never stored.

    `permissions` are those beyond what every token has.
    """

    TAG: ClassVar[str] = "developer.api_token_issued.v1"
    token_id: UUID
    name: str
    sha256: str
    permissions: tuple[str, ...] = ()


class ApiTokenRevoked(Event, frozen=True):
    """The token is refused from now on."""

    TAG: ClassVar[str] = "developer.api_token_revoked.v1"
    token_id: UUID


DeveloperEvent = ApiTokenIssued | ApiTokenRevoked
EVENTS: tuple[type[Event], ...] = (ApiTokenIssued, ApiTokenRevoked)
