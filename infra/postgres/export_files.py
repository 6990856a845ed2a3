"""The port `commands.http.ports.Downloads`: finished exports that may be downloaded now."""

from uuid import UUID

from domain.shared.errors import DomainError
from infra.exports.places import ExportPlaces, OpenExport
from infra.postgres.connections import Pool
from infra.postgres.export_jobs import PostgresExports


class ExportElsewhereError(DomainError):
    """The export is there, but not on this machine."""

    code = "unavailable"


class ExportFiles:
    """Opens the zip of an export whose time is not over."""

    def __init__(self, pool: Pool, places: ExportPlaces) -> None:
        self._exports = PostgresExports(pool)
        self._places = places

    def open(self, workspace_id: UUID, export_id: UUID) -> OpenExport | None:
        """See the port. Raises ExportElsewhereError."""
        if self._exports.completed_size(workspace_id, export_id) is None:
            return None
        try:
            return self._places.open(workspace_id, export_id)
        except FileNotFoundError:
            raise ExportElsewhereError(
                "the file is not on this machine: let the API and the exporter share "
                "ENGINE_EXPORTS_DIR"
            ) from None
