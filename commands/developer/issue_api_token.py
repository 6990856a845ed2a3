"""Let a program act for a workspace with what every token may do."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.ports import ApiTokens, Effect, EventLog
from domain.developer import decider
from domain.developer.decider import API_TOKEN
from domain.developer.events import ApiTokenIssued, DeveloperEvent
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

    def effects(events: Sequence[DeveloperEvent]) -> Sequence[Effect]:
        return [
            tokens.add(context.workspace_id, event, issued_by=context.actor)
            for event in events
            if isinstance(event, ApiTokenIssued)
        ]

    return log.decide(
        API_TOKEN,
        command.token_id,
        lambda token: decider.issue(
            token,
            token_id=command.token_id,
            name=command.name,
            sha256=Secret(command.secret).sha256,
            permissions=command.permissions,
        ),
        context,
        effects=effects,
    )
