"""What workspaces chose for messages in doubt; the installation's setting holds for the others."""

from uuid import UUID

from domain.delivery.delivery_mode_events import DeliveryMode
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_CHOOSE = """
INSERT INTO delivery_modes (workspace_id, bulk) VALUES (%(workspace_id)s, %(bulk)s)
ON CONFLICT (workspace_id) DO UPDATE SET bulk = excluded.bulk
"""


class PostgresDeliveryModes:
    """The port `commands.delivery.choose_delivery_mode.DeliveryModes`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def choose(self, workspace_id: UUID, bulk: DeliveryMode | None) -> SqlEffect:
        """See the port."""
        return SqlEffect(_CHOOSE, {"workspace_id": workspace_id, "bulk": bulk or ""})

    def of(self, workspace_id: UUID) -> DeliveryMode | None:
        """Return what the workspace chose."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT bulk FROM delivery_modes WHERE workspace_id = %s", (workspace_id,)
            ).fetchone()
        return DeliveryMode(row[0]) if row and row[0] else None
