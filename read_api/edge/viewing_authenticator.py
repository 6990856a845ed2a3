"""Operators who look into a workspace: their tokens read, and whatever they read is recorded."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from litestar.concurrency import sync_to_thread

from commands.http.client import truncated_ip
from commands.platform.begin_viewing import OPERATOR_ACTOR
from commands.ports import EventLog
from domain.platform.events import WorkspaceViewed
from domain.shared.context import Context
from domain.shared.model import Fact
from domain.tenancy.roles import VIEWING_PERMISSIONS
from infra.postgres.operators import GoodViewing, ViewingLookup
from read_api.edge.refusals import unauthorized
from read_api.edge.request_marks import AnyConnection, Caller, operation_of, request_id_of

PREFIX = "ev_"


class ViewingAuthenticator:
    """See `read_api.edge.authentication.Authenticator`; what cannot be recorded is not shown."""

    def __init__(
        self,
        viewings: ViewingLookup,
        log: Callable[[], EventLog],
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._viewings = viewings
        self._log = log
        self._now = now
        self._new_id = new_id

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:
        """See Authenticator. The caller is no person of the workspace, and writes nothing."""
        if not credential.startswith(PREFIX):
            return None
        found = await sync_to_thread(self._viewings.find, credential)
        if found is None:
            raise unauthorized("the viewing is over: begin another")
        if connection.route_handler.opt.get("permission") in VIEWING_PERMISSIONS:
            await sync_to_thread(self._record, found, connection)
        return Caller(
            workspace_id=found.workspace_id,
            actor=f"{OPERATOR_ACTOR}{found.operator_id}",
            permissions=VIEWING_PERMISSIONS,
        )

    def _record(self, found: GoodViewing, connection: AnyConnection) -> None:
        operation = operation_of(connection.route_handler)
        viewed = WorkspaceViewed(
            viewing_id=found.viewing_id, operation=operation, path=connection.url.path
        )
        command_id = self._new_id()
        context = Context(
            workspace_id=found.workspace_id,
            actor=f"{OPERATOR_ACTOR}{found.operator_id}",
            now=self._now(),
            command_id=command_id,
            correlation_id=request_id_of(connection),
            ip=truncated_ip(connection.client.host if connection.client else None),
            command=operation,
        )
        self._log().record([Fact(command_id, viewed)], context)
