"""Which lanes are stopped, slowed or warmed up, and how is each sender received?"""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from infra.postgres.lane_readouts import health_shown, lanes_shown
from read_api.edge.tenant_reads import TenantReads
from schemas.http.lanes import Lanes, SenderHealths

Hours = Annotated[int, QueryParameter(ge=1, le=720, description="How far back, in hours.")]


@get(
    "/v1/delivery/lanes",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="Which lanes are stopped, slowed or warmed up",
    tags=["delivery"],
)
def get_lanes(reads: NamedDependency[SkipValidation[TenantReads]]) -> Lanes:
    """List each lane that was decided of, with its reason; at most 1,000."""
    return Lanes(items=lanes_shown(reads))


@get(
    "/v1/delivery/health",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="How senders are received",
    tags=["delivery"],
)
def get_sender_health(
    reads: NamedDependency[SkipValidation[TenantReads]], hours: Hours = 24
) -> SenderHealths:
    """Return counts and rates by sending domain and destination."""
    return SenderHealths(items=health_shown(reads, hours=hours))
