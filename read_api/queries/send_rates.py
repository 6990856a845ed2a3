"""How fast may mail go?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.send_rates import KnownRates
from read_api.edge.tenant_reads import TenantReads
from schemas.http.send_rates import SendRate, SendRates


@get(
    "/v1/send-rates",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="The rates that bound the workspace",
    tags=["delivery"],
)
def get_send_rates(
    reads: NamedDependency[SkipValidation[TenantReads]],
    known_rates: NamedDependency[SkipValidation[KnownRates]],
) -> SendRates:
    """List its own and those of the installation."""
    found = known_rates.of(reads.workspace_id)
    return SendRates(items=[SendRate(**msgspec.structs.asdict(one)) for one in found])
