"""Reading for one workspace: SQL under row-level security, after the models have caught up."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, LiteralString, TypeVar
from uuid import UUID

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.params import QueryParameter
from psycopg.errors import UndefinedColumn, UndefinedTable

from domain.shared.platform import PLATFORM
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import read_in_scope
from projections.registry import PROJECTIONS
from read_api.edge.refusals import RefusalError, not_found
from read_api.edge.request_marks import workspace_of

T = TypeVar("T")

PATIENCE_S = 2.0
LOOK_EVERY_S = 0.025
AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters

After = Annotated[
    int | None,
    QueryParameter(
        name="after",
        ge=0,
        le=2**63 - 1,
        description="Log position that the answer must include: what a write answered. Waits at "
        "most 2 s, then answers 409 not_caught_up.",
    ),
]


class TenantReads:
    """Runs the queries of one request; rows become the structs that the columns are named after."""

    def __init__(self, pool: Pool, workspace_id: UUID) -> None:
        self._pool = pool
        self.workspace_id = workspace_id

    def rows(
        self, kind: Callable[..., T], sql: LiteralString, values: Mapping[str, object]
    ) -> list[T]:
        """Return all rows. `%(workspace_id)s` is always there."""
        try:
            scoped = {**values, "workspace_id": self.workspace_id}
            return read_in_scope(self._pool, self.workspace_id, kind, sql, scoped)
        except (UndefinedColumn, UndefinedTable) as error:
            if not self._outdated():
                raise
            raise RefusalError(
                "unavailable",
                "what this asks for is being rebuilt for the release that runs now; try again",
                headers={"retry-after": "5"},
            ) from error

    def _outdated(self) -> bool:
        """Tell whether an older release's tables still serve: they may lack what we ask for."""
        served = Checkpoints(self._pool).versions()
        return any(served.get(name) != made.version for name, made in PROJECTIONS.items())

    def one(self, kind: Callable[..., T], sql: LiteralString, values: Mapping[str, object]) -> T:
        """Return the row. Raises the 404 that missing and foreign things get alike."""
        found = self.rows(kind, sql, values)
        if not found:
            raise not_found()
        return found[0]


class ReadsProvider:
    """Makes the reads of a request, once its models are where `?after=` wants them."""

    def __init__(self, pool: Pool, checkpoints: Checkpoints) -> None:
        self._pool = pool
        self._checkpoints = checkpoints

    async def provide(self, request: AnyRequest, after: After = None) -> TenantReads:
        """Wait for the projections that the route names in opt `reads`."""
        return await self._caught_up(request, after, workspace_of(request))

    async def provide_account(self, request: AnyRequest, after: After = None) -> TenantReads:
        """Do the same in the platform's scope, where accounts live; narrow by the person's id."""
        return await self._caught_up(request, after, PLATFORM)

    async def _caught_up(
        self, request: AnyRequest, after: int | None, workspace_id: UUID
    ) -> TenantReads:
        # A route without `reads` answers from tables that are written with the append itself.
        projections = request.route_handler.opt.get("reads")
        if after and projections:
            await self.wait_for(after, projections, workspace_id)
        return TenantReads(self._pool, workspace_id)

    async def wait_for(self, position: int, projections: Sequence[str], workspace_id: UUID) -> None:
        """Poll until the slowest is there. Raises RefusalError not_caught_up after 2 s."""
        deadline = time.monotonic() + PATIENCE_S
        while await sync_to_thread(self._checkpoints.lowest, projections, workspace_id) < position:
            if time.monotonic() > deadline:
                raise RefusalError(
                    "not_caught_up",
                    f"the answer does not include position {position} yet; ask again",
                    headers={"retry-after": "1"},
                )
            await asyncio.sleep(LOOK_EVERY_S)
