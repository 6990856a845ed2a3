"""What stands still, and who has confirmed it?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.kill_switches import KillSwitchBoard, StoppedScope
from read_api.edge.tenant_reads import TenantReads
from schemas.http.kill_switches import KillSwitch, KillSwitches


@get(
    "/v1/kill-switches",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="Which mail is stopped",
    tags=["delivery"],
)
def get_kill_switches(
    reads: NamedDependency[SkipValidation[TenantReads]],
    switch_board: NamedDependency[SkipValidation[KillSwitchBoard]],
) -> KillSwitches:
    """List the switches that stop this workspace's mail, the global one with them."""
    return _shown(switch_board.of(reads.workspace_id))


@get(
    "/v1/operator/kill-switches",
    sync_to_thread=True,
    opt={"operator": True},
    summary="Which mail is stopped anywhere",
    tags=["operator"],
)
def get_operator_kill_switches(
    switch_board: NamedDependency[SkipValidation[KillSwitchBoard]],
) -> KillSwitches:
    """List the switches that are on, of at most 1,000 workspaces."""
    return _shown(switch_board.everywhere())


def _shown(found: list[StoppedScope]) -> KillSwitches:
    return KillSwitches(items=[KillSwitch(**msgspec.structs.asdict(one)) for one in found])
