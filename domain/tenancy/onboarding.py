"""The questions to a new workspace: each answered or skipped, in any order, at any time."""

from collections.abc import Sequence

from domain.shared.errors import NotFoundError
from domain.tenancy.decider import Workspace
from domain.tenancy.events import (
    OnboardingStepAnswered,
    OnboardingStepSkipped,
    Step,
    TenancyEvent,
)


def answer(
    workspace: Workspace, *, step: Step, facts: Sequence[TenancyEvent]
) -> list[TenancyEvent]:
    """Save the answer, `facts`, and that there is one; again, say only what changed."""
    _require(workspace)
    answered = [] if step in workspace.answered else [OnboardingStepAnswered(step=step)]
    return [*facts, *answered]


def skip(workspace: Workspace, *, step: Step) -> list[TenancyEvent]:
    """Leave a question open for now; says nothing the second time, or when it has its answer."""
    _require(workspace)
    if step in workspace.answered | workspace.skipped:
        return []
    return [OnboardingStepSkipped(step=step)]


def _require(workspace: Workspace) -> None:
    if not workspace.exists:
        raise NotFoundError("there is no such workspace")
