"""Choose when soft bounces suppress a person; what was decided before stays decided."""

import msgspec

from commands.ports import EventLog
from domain.delivery.soft_bounces import (
    SOFT_BOUNCE_POLICY,
    SoftBouncePolicy,
    choose,
    policy_stream,
)
from domain.shared.context import Context


class ChooseSoftBouncePolicy(msgspec.Struct, frozen=True):
    """Use this policy from now on."""

    policy: SoftBouncePolicy


def choose_soft_bounce_policy(
    command: ChooseSoftBouncePolicy, context: Context, log: EventLog
) -> int:
    """Record the choice of the workspace. Raises InvalidInputError."""
    return log.decide(
        SOFT_BOUNCE_POLICY,
        policy_stream(context.workspace_id),
        lambda state: choose(state, chosen=command.policy),
        context,
    )
