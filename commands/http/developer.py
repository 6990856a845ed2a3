"""Write routes of API keys."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.developer.issue_api_key import IssueApiKey, issue_api_key
from commands.developer.revoke_api_key import RevokeApiKey, revoke_api_key
from commands.developer.rotate_api_key import RotateApiKey, rotate_api_key
from commands.developer.secret import Secret
from commands.http.ports import NewSecret
from commands.ports import ApiTokens, EventLog
from domain.developer.decider import API_TOKEN
from domain.developer.scopes import Grant
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.developer import NewApiKey, Rotation, ShownApiKey


@post(
    "/v1/api-keys",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "keys:manage"},
    summary="Issue an API key",
    tags=["api keys"],
)
def post_api_key(
    data: JSONBody[NewApiKey],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    api_tokens: NamedDependency[SkipValidation[ApiTokens]],
    new_secret: NamedDependency[SkipValidation[NewSecret]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> ShownApiKey:
    """Answer with the secret, which is shown this once; nobody can issue more than they may do."""
    secret = Secret(new_secret(test=data.test))
    grant = Grant(
        scopes=tuple(data.scopes),
        test=data.test,
        expires_at=data.expires_at,
        networks=tuple(data.networks),
    )
    command = IssueApiKey(
        token_id=new_id,
        name=data.name,
        secret=secret,
        grant=grant,
        permissions=frozenset(permissions),
    )
    position = issue_api_key(command, context, log, api_tokens)
    return ShownApiKey(id=new_id, position=position, secret=secret.text)


@post(
    "/v1/api-keys/{key_id:uuid}/rotate",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "keys:manage"},
    summary="Give an API key a new secret",
    tags=["api keys"],
)
def post_api_key_rotation(
    key_id: FromPath[UUID],
    data: JSONBody[Rotation],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    api_tokens: NamedDependency[SkipValidation[ApiTokens]],
    new_secret: NamedDependency[SkipValidation[NewSecret]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> ShownApiKey:
    """Show a new secret once; the last one is good for `old_ends_in_s` more, older ones end."""
    secret = Secret(new_secret(test=log.state(API_TOKEN, key_id, context).grant.test))
    command = RotateApiKey(
        token_id=key_id,
        secret=secret,
        old_ends_at=context.now + timedelta(seconds=data.old_ends_in_s),
        permissions=frozenset(permissions),
    )
    position = rotate_api_key(command, context, log, api_tokens)
    return ShownApiKey(id=key_id, position=position, secret=secret.text)


@delete(
    "/v1/api-keys/{key_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "keys:manage"},
    summary="Revoke an API key",
    tags=["api keys"],
)
def delete_api_key(
    key_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    api_tokens: NamedDependency[SkipValidation[ApiTokens]],
) -> Accepted:
    """Refuse all its secrets from the next request on."""
    position = revoke_api_key(RevokeApiKey(token_id=key_id), context, log, api_tokens)
    return Accepted(id=key_id, position=position)
