"""Give a key a new secret beside its old one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.developer.secret import Secret, issuer_of, require_shown_now
from commands.ports import ApiTokens, Effect, EventLog
from domain.developer import decider
from domain.developer.decider import API_TOKEN
from domain.developer.events import ApiTokenRotated, DeveloperEvent
from domain.shared.context import Context


class RotateApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """Let this secret in too; the one before is good until `old_ends_at`."""

    token_id: UUID
    secret: Secret
    old_ends_at: datetime
    permissions: frozenset[str]


def rotate_api_key(
    command: RotateApiKey, context: Context, log: EventLog, tokens: ApiTokens
) -> int:
    """Record it and open the door; an older secret than the last one ends at once.

    Raises as `issue_api_key` does, and IllegalTransitionError for a key that is over.
    """
    issuer = issuer_of(command.permissions, context, log)

    def effects(events: Sequence[DeveloperEvent]) -> Sequence[Effect]:
        return [
            tokens.rotate(context.workspace_id, event)
            for event in events
            if isinstance(event, ApiTokenRotated)
        ]

    position = log.decide(
        API_TOKEN,
        command.token_id,
        lambda token: decider.rotate(
            token,
            token_id=command.token_id,
            sha256=command.secret.sha256,
            prefix=command.secret.prefix,
            old_ends_at=command.old_ends_at,
            issuer=issuer,
            now=context.now,
        ),
        context,
        effects=effects,
    )
    require_shown_now(command.secret, command.token_id, context, log)
    return position
