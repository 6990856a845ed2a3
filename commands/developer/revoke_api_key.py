"""Refuse a key from now on."""

from uuid import UUID

import msgspec

from commands.ports import ApiTokens, EventLog
from domain.developer import decider
from domain.developer.decider import API_TOKEN
from domain.shared.context import Context


class RevokeApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """Shut the door to all secrets of this key."""

    token_id: UUID


def revoke_api_key(
    command: RevokeApiKey, context: Context, log: EventLog, tokens: ApiTokens
) -> int:
    """Record it and shut the door in the same transaction; the next request is refused."""
    return log.decide(
        API_TOKEN,
        command.token_id,
        lambda token: decider.revoke(token, token_id=command.token_id),
        context,
        effects=lambda _: [tokens.revoke(context.workspace_id, command.token_id)],
    )
