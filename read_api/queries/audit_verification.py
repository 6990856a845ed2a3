"""Is the log what it was when it was sealed, and up to where is that proven?"""

from datetime import datetime
from typing import LiteralString

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from read_api.edge.tenant_reads import TenantReads
from read_api.queries.checkpoints import AT, checkpoint
from schemas.http.audit import ChainFault, Verification

NOTED: LiteralString = """
SELECT coalesce(v.seal, 0) AS seal, coalesce(v.position, 0) AS position, v.verified_at,
       coalesce(v.whole_position, 0) AS whole_position, v.whole_verified_at,
       v.fault_position, v.fault_seal, v.fault,
       coalesce((SELECT last_position FROM log_seals s WHERE s.workspace_id = %(workspace_id)s
                  ORDER BY s.number DESC LIMIT 1), 0) AS sealed_upto
  FROM (SELECT) AS nothing LEFT JOIN log_verifications v ON v.workspace_id = %(workspace_id)s
"""


class _Noted(msgspec.Struct, kw_only=True):
    seal: int
    position: int
    verified_at: datetime | None
    whole_position: int
    whole_verified_at: datetime | None
    fault_position: int | None
    fault_seal: int | None
    fault: str | None
    sealed_upto: int


@get(
    "/v1/audit/verification",
    sync_to_thread=True,
    opt={"permission": "audit:read"},
    summary="Whether the chain of seals is good, and up to where",
    tags=["audit"],
)
def get_verification(reads: NamedDependency[SkipValidation[TenantReads]]) -> Verification:
    """Say what the last verification found: the sealer reads what is new every half minute.

    Nothing is verified by this request. What was signed again by somebody who has the secret is
    only found by a checkpoint kept elsewhere.
    """
    noted = reads.one(_Noted, NOTED, {})
    heads = reads.rows(checkpoint, AT, {"number": noted.seal})
    head = heads[0] if heads else None
    fault = _fault(noted)
    return Verification(
        state="broken" if fault else "verified" if noted.seal else "pending",
        verified_upto=noted.position,
        verified_at=noted.verified_at,
        whole_verified_upto=noted.whole_position,
        whole_verified_at=noted.whole_verified_at,
        sealed_upto=noted.sealed_upto,
        key_id=head.key_id if head else None,
        head=head,
        fault=fault,
    )


def _fault(noted: _Noted) -> ChainFault | None:
    if noted.fault is None or noted.fault_position is None:
        return None
    return ChainFault(position=noted.fault_position, seal=noted.fault_seal, what=noted.fault)
