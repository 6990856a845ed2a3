"""The life of an API key."""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from domain.developer.events import (
    ApiTokenIssued,
    ApiTokenRevoked,
    ApiTokenRotated,
    DeveloperEvent,
)
from domain.developer.scopes import USUAL, Grant, Issuer, checked_grant, require_within
from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
)
from domain.shared.model import StreamModel

MOST_OVERLAP = timedelta(days=30)


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need to know. `sha256` is that of the newest secret."""

    issued: bool = False
    revoked: bool = False
    sha256: str = ""
    grant: Grant = Grant(scopes=())


def issue(
    token: ApiToken,
    *,
    token_id: UUID,
    name: str,
    sha256: str,
    permissions: tuple[str, ...] = (),
) -> list[DeveloperEvent]:
    """Let a program act for the workspace with what every token may do, and `permissions`."""
    return [
        ApiTokenIssued(
            token_id=token_id,
            name=_checked(token, name),
            sha256=sha256,
            permissions=permissions,
        )
    ]


def issue_scoped(
    token: ApiToken,
    *,
    token_id: UUID,
    name: str,
    sha256: str,
    prefix: str,
    grant: Grant,
    issuer: Issuer,
    now: datetime,
) -> list[DeveloperEvent]:
    """Let a program act within a grant. Raises PermissionMissingError above the issuer's own."""
    named = _checked(token, name)
    wanted = checked_grant(grant, now=now)
    require_within(wanted, issuer)
    return [
        ApiTokenIssued(
            token_id=token_id,
            name=named,
            sha256=sha256,
            prefix=prefix,
            scopes=wanted.scopes,
            test=wanted.test,
            expires_at=wanted.expires_at,
            networks=wanted.networks,
        )
    ]


def rotate(
    token: ApiToken,
    *,
    token_id: UUID,
    sha256: str,
    prefix: str,
    old_ends_at: datetime,
    issuer: Issuer,
    now: datetime,
) -> list[DeveloperEvent]:
    """Give a new secret beside the old one. Whoever sees it must be allowed what it opens."""
    _require_issued(token)
    if token.revoked or (token.grant.expires_at is not None and token.grant.expires_at <= now):
        raise IllegalTransitionError("the key is revoked or expired: issue a new one")
    if not now <= old_ends_at <= now + MOST_OVERLAP:
        raise InvalidInputError(f"the old secret can live {MOST_OVERLAP.days} days longer at most")
    require_within(token.grant, issuer)
    return [
        ApiTokenRotated(token_id=token_id, sha256=sha256, prefix=prefix, old_ends_at=old_ends_at)
    ]


def revoke(token: ApiToken, *, token_id: UUID) -> list[DeveloperEvent]:
    """Refuse the token from now on; says nothing the second time."""
    _require_issued(token)
    return [] if token.revoked else [ApiTokenRevoked(token_id=token_id)]


def evolve(token: ApiToken, event: DeveloperEvent) -> ApiToken:
    """Fold one fact of a token."""
    change = msgspec.structs.replace
    match event:
        case ApiTokenIssued():
            scopes = tuple(USUAL | set(event.permissions)) if event.scopes is None else event.scopes
            grant = Grant(
                scopes=scopes,
                test=event.test,
                expires_at=event.expires_at,
                networks=event.networks,
            )
            return ApiToken(issued=True, sha256=event.sha256, grant=grant)
        case ApiTokenRotated():
            return change(token, sha256=event.sha256)
        case ApiTokenRevoked():
            return change(token, revoked=True)
        case _:
            assert_never(event)


def _checked(token: ApiToken, name: str) -> str:
    if token.issued:
        raise IllegalTransitionError("a token with this id exists already")
    if not name.strip():
        raise InvalidInputError("a token needs a name that says who uses it: pass a `name`")
    return name.strip()


def _require_issued(token: ApiToken) -> None:
    if not token.issued:
        raise NotFoundError("there is no such token in this workspace")


API_TOKEN: StreamModel[ApiToken, DeveloperEvent] = StreamModel(
    name="api_token", initial=ApiToken(), evolve=evolve
)
