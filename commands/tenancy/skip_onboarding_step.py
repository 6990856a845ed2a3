"""Leave one of the questions to a new workspace open for now."""

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.tenancy import onboarding
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.events import Step


class SkipOnboardingStep(msgspec.Struct, frozen=True, kw_only=True):
    """Not now."""

    step: Step


def skip_onboarding_step(command: SkipOnboardingStep, context: Context, log: EventLog) -> int:
    """Record it; it can be answered at any time."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: onboarding.skip(workspace, step=command.step),
        context,
    )
