"""How many messages may be in flight at once?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.send_rates import KnownRates
from read_api.edge.tenant_reads import TenantReads
from schemas.http.in_flight import InFlightBound, InFlightBounds


@get(
    "/v1/in-flight-bounds",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="What bounds the messages in flight",
    tags=["delivery"],
)
def get_in_flight_bounds(
    reads: NamedDependency[SkipValidation[TenantReads]],
    known_rates: NamedDependency[SkipValidation[KnownRates]],
) -> InFlightBounds:
    """List its own and those of the installation."""
    found = known_rates.in_flight(reads.workspace_id)
    return InFlightBounds(items=[InFlightBound(**msgspec.structs.asdict(one)) for one in found])
