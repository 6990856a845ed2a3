"""The life of an API token."""

from typing import assert_never
from uuid import UUID

import msgspec

from domain.developer.events import ApiTokenIssued, ApiTokenRevoked, DeveloperEvent
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from domain.shared.model import StreamModel


class ApiToken(msgspec.Struct, frozen=True):
    """What later decisions need to know."""

    issued: bool = False
    revoked: bool = False


def issue(
    token: ApiToken, *, token_id: UUID, name: str, sha256: str, permissions: tuple[str, ...] = ()
) -> list[DeveloperEvent]:
    """Let a program act for the workspace."""
    if token.issued:
        raise IllegalTransitionError("a token with this id exists already")
    if not name.strip():
        raise InvalidInputError("a token needs a name that says who uses it: pass a `name`")
    return [
        ApiTokenIssued(token_id=token_id, name=name.strip(), sha256=sha256, permissions=permissions)
    ]


def revoke(token: ApiToken, *, token_id: UUID) -> list[DeveloperEvent]:
    """Refuse the token from now on; says nothing the second time."""
    if not token.issued:
        raise NotFoundError("there is no such token in this workspace")
    return [] if token.revoked else [ApiTokenRevoked(token_id=token_id)]


def evolve(token: ApiToken, event: DeveloperEvent) -> ApiToken:
    """Fold one fact of a token."""
    match event:
        case ApiTokenIssued():
            return ApiToken(issued=True)
        case ApiTokenRevoked():
            return msgspec.structs.replace(token, revoked=True)
        case _:
            assert_never(event)


API_TOKEN: StreamModel[ApiToken, DeveloperEvent] = StreamModel(
    name="api_token", initial=ApiToken(), evolve=evolve
)
