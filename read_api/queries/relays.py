"""Which servers does a workspace's mail go through, and how are they?"""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from domain.delivery.relay_advice import advice_for
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_ID
from schemas.http.relays import Relay, RelayCheck, RelayPage

COLUMNS = """
SELECT relay_id, label, host, port, tls, has_credentials, rate_per_s, connections,
       messages_per_connection, weight, NOT enabled AS paused, breaker, since, evidence,
       next_probe_at, check_asked_at, checked_at, check_reason, check_codes
  FROM relays WHERE workspace_id = %(workspace_id)s
"""
ONE = COLUMNS + " AND relay_id = %(relay_id)s"
LIST = COLUMNS + " AND relay_id < %(id)s ORDER BY relay_id DESC LIMIT %(fetch)s"
IN_USE = """
SELECT count(*) FILTER (WHERE enabled) AS enabled, count(*) AS known
  FROM relays WHERE workspace_id = %(workspace_id)s AND bulk
"""


class RelayRow(msgspec.Struct, frozen=True):
    """A row of `relays`, without what is sealed."""

    relay_id: UUID
    label: str
    host: str
    port: int
    tls: str
    has_credentials: bool
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    paused: bool
    breaker: str
    since: datetime
    evidence: str
    next_probe_at: datetime | None
    check_asked_at: datetime | None
    checked_at: datetime | None
    check_reason: str
    check_codes: str


class InUse(msgspec.Struct, frozen=True):
    """How many relays for campaigns a scope has."""

    enabled: int
    known: int


@get(
    "/v1/relays",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="List the workspace's own relays",
    tags=["relays"],
)
def get_relays(
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> RelayPage:
    """List them with their state, and say what the mail goes through at present."""
    (last_id,) = page.start([LAST_ID])
    found = reads.rows(RelayRow, LIST, {"id": last_id, "fetch": page.fetch})
    rows, following = page.finish(found, "relay_id")
    goes_through = (
        "own"
        if reads.one(InUse, IN_USE, {}).enabled
        else "shared"
        if platform_reads.one(InUse, IN_USE, {}).known
        else "settings"
    )
    return RelayPage(
        items=[_shown(row) for row in rows], mail_goes_through=goes_through, next=following
    )


@get(
    "/v1/relays/{relay_id:uuid}",
    sync_to_thread=True,
    opt={"permission": "delivery:read"},
    summary="One relay of the workspace",
    tags=["relays"],
)
def get_relay(
    relay_id: FromPath[UUID], reads: NamedDependency[SkipValidation[TenantReads]]
) -> Relay:
    """Return how it is used, where its breaker stands, and what the last check met."""
    return _shown(reads.one(RelayRow, ONE, {"relay_id": relay_id}))


def _shown(row: RelayRow) -> Relay:
    values = msgspec.structs.asdict(row)
    asked_at, reason = values.pop("check_asked_at"), values.pop("check_reason")
    checked_at, codes = values.pop("checked_at"), values.pop("check_codes")
    failed, breaker = advice_for(reason), advice_for(row.evidence.partition(" ")[0])
    check = RelayCheck(
        waiting=asked_at is not None,
        checked_at=checked_at,
        ok=None if checked_at is None else failed is None,
        failed_step=failed.step if failed else "",
        reason=reason,
        codes=codes,
        advice=failed.text if failed else "",
    )
    advice = breaker.text if breaker and row.breaker != "closed" else ""
    return Relay(**values, advice=advice, check=check)
