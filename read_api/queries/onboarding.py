"""How far is a new workspace, and what is asked next?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from domain.tenancy.events import Step
from domain.tenancy.next_step import OPEN, next_step
from read_api.edge.tenant_reads import TenantReads
from schemas.http.onboarding import Onboarding, OnboardingStep

STATES = "SELECT step, state FROM onboarding_steps WHERE workspace_id = %(workspace_id)s"


class _Row(msgspec.Struct, frozen=True):
    step: str
    state: str


@get(
    "/v1/onboarding",
    sync_to_thread=True,
    opt={"permission": "workspace:read", "reads": ("workspace_list",)},
    summary="How far the onboarding is",
    tags=["onboarding"],
)
def get_onboarding(reads: NamedDependency[SkipValidation[TenantReads]]) -> Onboarding:
    """Tell each step with its state, and which comes next."""
    states = {Step(row.step): row.state for row in reads.rows(_Row, STATES, {})}
    steps = [{"step": step, "state": states.get(step, OPEN)} for step in Step]
    return Onboarding(steps=msgspec.convert(steps, list[OnboardingStep]), next=next_step(states))
