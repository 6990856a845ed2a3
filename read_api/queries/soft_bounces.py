"""When do soft bounces suppress a person?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from domain.delivery import soft_bounces
from read_api.edge.tenant_reads import TenantReads
from schemas.http.soft_bounces import SoftBouncePolicy

CHOSEN = """
SELECT data FROM events
 WHERE workspace_id = %(workspace_id)s AND kind = 'd' AND stream_id = %(stream_id)s
 ORDER BY position DESC LIMIT 1
"""


class _Chosen(msgspec.Struct, frozen=True):
    data: bytes


@get(
    "/v1/delivery/soft-bounce-policy",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="When soft bounces suppress a person",
    tags=["delivery"],
)
def get_soft_bounce_policy(
    reads: NamedDependency[SkipValidation[TenantReads]],
) -> SoftBouncePolicy:
    """Return what the workspace chose last, or what holds by itself."""
    stream_id = soft_bounces.policy_stream(reads.workspace_id)
    found = reads.rows(_Chosen, CHOSEN, {"stream_id": stream_id})
    holds = soft_bounces.SoftBouncePolicy()
    if found:
        holds = msgspec.json.decode(found[0].data, type=soft_bounces.SoftBouncePolicy)
    return SoftBouncePolicy(**msgspec.structs.asdict(holds))
