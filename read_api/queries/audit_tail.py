"""The audit log as it grows."""

from collections.abc import Sequence
from typing import Annotated, LiteralString

from litestar import Request, get
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, SkipValidation
from litestar.response import ServerSentEvent

from infra.postgres.checkpoints import Checkpoints
from read_api.edge.sse import LiveStreams
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.actor_names import ActorNames
from read_api.queries.audit import Positions
from schemas.http.audit import AuditLine, NamedLine

EVENT_STREAM = "text/event-stream"
LINES_A_LOOK = 100
TAIL: LiteralString = """
SELECT position, a.last_position, a.recorded_at, a.actor, a.command, tag, events, object_type,
       object_id, command_id, a.correlation_id, a.causation_id, a.ip,
       coalesce(c.last_position, 0) > %(upto)s AS growing
  FROM audit_log a LEFT JOIN commits c USING (workspace_id, command_id)
 WHERE workspace_id = %(workspace_id)s AND position > %(after)s AND position <= %(upto)s
 ORDER BY position LIMIT %(fetch)s
"""
LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID",
        ge=0,
        le=2**63 - 1,
        description="Goes on after this position; browsers send it by themselves.",
    ),
]


class _Line(AuditLine, frozen=True, kw_only=True):
    growing: bool


@get(
    "/v1/audit/tail",
    opt={"permission": "audit:read"},
    media_type=EVENT_STREAM,
    summary="The audit log as it grows",
    tags=["audit"],
    responses={
        200: ResponseSpec(
            str,
            description="Events `line`, each with its position as id and a line as data.",
            media_type=EVENT_STREAM,
            generate_examples=False,
        )
    },
)
async def get_audit_tail(
    request: Request[None, None, State],
    reads: NamedDependency[SkipValidation[TenantReads]],
    checkpoints: NamedDependency[SkipValidation[Checkpoints]],
    actor_names: NamedDependency[SkipValidation[ActorNames]],
    live: NamedDependency[SkipValidation[LiveStreams]],
    last_event_id: LastEventId = None,
    above: Positions = None,
) -> ServerSentEvent:
    """Send each line once, oldest first, complete, and none is left out.

    Begins after `Last-Event-ID`, else `above`, else with what comes from now on. Ends when the
    credential is over or the server restarts: connect again.
    """
    live.require_room(reads.workspace_id)
    after = above if last_event_id is None else last_event_id
    tail = AuditTail(reads, checkpoints, actor_names)
    if after is None:
        after = await sync_to_thread(tail.end)
    return ServerSentEvent(live.messages(request, tail.after, after=after))


class AuditTail:
    """Reads lines in order, up to where the read model is; never one that is still growing."""

    def __init__(self, reads: TenantReads, checkpoints: Checkpoints, names: ActorNames) -> None:
        self._reads = reads
        self._checkpoints = checkpoints
        self._names = names
        self._seen = -1

    def end(self) -> int:
        """Return the position up to which every line is there."""
        return self._checkpoints.lowest(["audit"], self._reads.workspace_id)

    def after(self, position: int) -> Sequence[tuple[int, NamedLine]]:
        """Return the next lines.

        The checkpoint is read before the lines: below it none can appear any more. A command that
        is only half told yet is waited for, so that its lines are sent with their final count.
        """
        upto = self.end()
        if upto == self._seen:
            return ()
        asked = {"after": position, "upto": upto, "fetch": LINES_A_LOOK}
        found = self._reads.rows(_Line, TAIL, asked)
        if not found:
            self._seen = upto
        whole: list[AuditLine] = []
        for line in found:
            if line.growing:
                break
            whole.append(line)
        return [(line.position, line) for line in self._names.named(self._reads, whole)]
