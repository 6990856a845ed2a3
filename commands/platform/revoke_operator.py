"""Stop letting a person look after the installation."""

from uuid import UUID

import msgspec

from commands.platform.ports import Operators
from commands.ports import EventLog
from domain.platform import operators as decisions
from domain.platform.operators import OPERATOR, operator_id
from domain.shared.context import Context


class RevokeOperator(msgspec.Struct, frozen=True, kw_only=True):
    """Which account."""

    user_id: UUID


def revoke_operator(
    command: RevokeOperator, context: Context, log: EventLog, operators: Operators
) -> int:
    """Record it in the platform's scope; it holds from the person's next request on."""
    user_id = command.user_id
    return log.decide(
        OPERATOR,
        operator_id(user_id),
        lambda operator: decisions.revoke(operator, user_id=user_id),
        context,
        effects=lambda _: [operators.revoke(user_id)],
    )
