"""Let a program act for a workspace."""

import hashlib
from uuid import UUID

import msgspec

from commands.ports import ApiTokens, EventLog
from domain.developer import decider
from domain.developer.decider import API_TOKEN
from domain.shared.context import Context


class IssueApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """Let in whoever shows this secret; only its digest is kept.

    `permissions` are those beyond what every token has.
    """

    token_id: UUID
    name: str
    secret: str
    permissions: tuple[str, ...] = ()


def issue_api_token(
    command: IssueApiToken, context: Context, log: EventLog, tokens: ApiTokens
) -> int:
    """Record the token and open the door in the same transaction."""
    digest = hashlib.sha256(command.secret.encode()).digest()
    allow = tokens.add(
        context.workspace_id, command.token_id, sha256=digest, permissions=command.permissions
    )
    return log.decide(
        API_TOKEN,
        command.token_id,
        lambda token: decider.issue(
            token,
            token_id=command.token_id,
            name=command.name,
            sha256=digest.hex(),
            permissions=command.permissions,
        ),
        context,
        effects=lambda _: [allow],
    )
