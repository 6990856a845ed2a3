"""Up to where is the log signed, and how can I hold you to it?"""

from typing import Any, LiteralString

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.eventstore.evidence import head_line
from infra.eventstore.seals import Seal
from read_api.edge.paging import Page
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import LAST_POSITION
from schemas.http.checkpoints import Checkpoint, CheckpointPage

SEALS: LiteralString = """
SELECT workspace_id, number, first_position, last_position, event_count, leaf_count, root,
       index_digest, previous, sealed_at, key_id, signature
  FROM log_seals WHERE workspace_id = %(workspace_id)s"""
AT: LiteralString = SEALS + " AND number = %(number)s"
LIST: LiteralString = SEALS + " AND number < %(number)s ORDER BY number DESC LIMIT %(fetch)s"


@get(
    "/v1/audit/checkpoints",
    sync_to_thread=True,
    opt={"permission": "audit:read"},
    summary="The signed checkpoints of the log",
    tags=["audit"],
)
def get_checkpoints(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> CheckpointPage:
    """List the seals of the workspace's log, newest first.

    Keep one outside now and then: `engine log verify --against` takes the answer as it is.
    """
    (number,) = page.start([LAST_POSITION])
    found = reads.rows(checkpoint, LIST, {"number": number, "fetch": page.fetch})
    items, following = page.finish(found, "number")
    return CheckpointPage(items=items, next=following)


def checkpoint(**row: Any) -> Checkpoint:  # noqa: ANN401 - the driver's values
    """Make a row's checkpoint."""
    return msgspec.convert(head_line(Seal(**row)), Checkpoint)
