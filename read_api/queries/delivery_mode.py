"""At most once, or at least once?"""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from domain.delivery.delivery_mode_events import DeliveryMode
from infra.postgres.delivery_modes import PostgresDeliveryModes
from read_api.edge.tenant_reads import TenantReads
from schemas.http.delivery_mode import DeliveryModes


@get(
    "/v1/delivery/mode",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="What happens to a message in doubt",
    tags=["delivery"],
)
def get_delivery_mode(
    reads: NamedDependency[SkipValidation[TenantReads]],
    delivery_modes: NamedDependency[SkipValidation[PostgresDeliveryModes]],
    bulk_mode: NamedDependency[SkipValidation[DeliveryMode]],
) -> DeliveryModes:
    """Say which mode holds, and whether the workspace or the installation chose it."""
    chosen = delivery_modes.of(reads.workspace_id)
    return DeliveryModes(bulk=chosen or bulk_mode, chosen=chosen, installation=bulk_mode)
