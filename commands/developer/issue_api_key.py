"""Let a program act for a workspace, within a grant."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.developer.secret import Secret, issuer_of, require_shown_now
from commands.ports import ApiTokens, Effect, EventLog
from domain.developer import decider
from domain.developer.decider import API_TOKEN
from domain.developer.events import ApiTokenIssued, DeveloperEvent
from domain.developer.scopes import Grant
from domain.shared.context import Context


class IssueApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """Let in whoever shows this secret; `permissions` are those of who asks."""

    token_id: UUID
    name: str
    secret: Secret
    grant: Grant
    permissions: frozenset[str]


def issue_api_key(command: IssueApiKey, context: Context, log: EventLog, tokens: ApiTokens) -> int:
    """Record the key and open the door in the same transaction.

    Raises PermissionMissingError for more than the issuer has, and SecretShownError when this
    very command was answered before.
    """
    issuer = issuer_of(command.permissions, context, log)

    def effects(events: Sequence[DeveloperEvent]) -> Sequence[Effect]:
        return [
            tokens.add(context.workspace_id, event, issued_by=context.actor)
            for event in events
            if isinstance(event, ApiTokenIssued)
        ]

    position = log.decide(
        API_TOKEN,
        command.token_id,
        lambda token: decider.issue_scoped(
            token,
            token_id=command.token_id,
            name=command.name,
            sha256=command.secret.sha256,
            prefix=command.secret.prefix,
            grant=command.grant,
            issuer=issuer,
            now=context.now,
        ),
        context,
        effects=effects,
    )
    require_shown_now(command.secret, command.token_id, context, log)
    return position
