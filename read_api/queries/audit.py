"""Who did what to which object, when, from where, with which command?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, LiteralString
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation

from domain.privacy.export_filter import is_of_type
from infra.eventstore.event_types import EVENT_TYPES
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.actor_names import ActorNames
from read_api.queries.rows import LAST_POSITION
from schemas.http.audit import AuditLine, AuditPage

LINES: LiteralString = """
SELECT position, last_position, recorded_at, actor, command, tag, events, object_type, object_id,
       command_id, correlation_id, causation_id, ip
  FROM audit_log WHERE workspace_id = %(workspace_id)s AND position < %(position)s"""
NEWEST: LiteralString = " ORDER BY position DESC LIMIT %(fetch)s"
CONDITIONS: dict[str, LiteralString] = {
    "actor": " AND actor = %(actor)s",
    "object_id": " AND object_id = %(object_id)s",
    "request": " AND correlation_id = %(request)s",
    "since": " AND recorded_at >= %(since)s",
    "until": " AND recorded_at < %(until)s",
    "above": " AND position > %(above)s",
}
OF_TYPES: tuple[LiteralString, LiteralString] = (
    "SELECT line.* FROM unnest(%(tags)s::text[]) AS wanted (tag) CROSS JOIN LATERAL (",
    " AND audit_log.tag = wanted.tag" + NEWEST + ") AS line",
)
"""A few lines of each type by its index, then the newest of them."""

Text = Annotated[str | None, QueryParameter(min_length=1, max_length=200)]
Type = Annotated[
    str | None,
    QueryParameter(
        name="type",
        min_length=1,
        max_length=200,
        description="A tag, or its leading parts: `campaigns`, `campaigns.campaign_launched`.",
    ),
]
Positions = Annotated[int | None, QueryParameter(name="above", ge=0, le=2**63 - 1)]


@get(
    "/v1/audit",
    sync_to_thread=True,
    opt={"permission": "audit:read", "reads": ("audit",)},
    summary="The audit log",
    tags=["audit"],
)
def get_audit(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
    actor_names: NamedDependency[SkipValidation[ActorNames]],
    actor: Text = None,
    type_: Type = None,
    object_id: FromQuery[UUID | None] = None,
    request_id: FromQuery[UUID | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    above: Positions = None,
) -> AuditPage:
    """List one line a command, kind of fact and object, newest first; conditions hold together.

    `since` is included, `until` and `above` are not.
    """
    (position,) = page.start([LAST_POSITION])
    wanted: dict[str, object] = {
        "actor": actor,
        "object_id": object_id,
        "request": request_id,
        "since": since,
        "until": until,
        "above": above,
    }
    query, values = audit_query(wanted, type_=type_)
    values |= {"position": position, "fetch": page.fetch}
    found = reads.rows(AuditLine, query, values)
    items, following = page.finish(found, "position")
    return AuditPage(items=actor_names.named(reads, items), next=following)


def audit_query(
    wanted: Mapping[str, object], *, type_: str | None
) -> tuple[LiteralString, dict[str, object]]:
    """Return the statement with the conditions that ask something, and their values."""
    query = LINES
    for name, condition in CONDITIONS.items():
        if wanted[name] is not None:
            query += condition
    values = dict(wanted)
    if type_ is not None:
        first, last = OF_TYPES
        query = first + query + last
        values["tags"] = [tag for tag in EVENT_TYPES if is_of_type(tag, type_)]
    return query + NEWEST, values
