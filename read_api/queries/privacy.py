"""What would an erasure find, what proves that it happened, and how long are things kept?"""

from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from infra.erasure_receipts import ErasureReceipts
from infra.postgres.erasure_preview import ErasurePreviews
from infra.postgres.retention import PostgresRetention
from read_api.edge.refusals import not_found
from read_api.edge.tenant_reads import TenantReads
from schemas.http.privacy import ErasurePreview, ErasureReceipt
from schemas.http.retention import Retention


@get(
    "/v1/contacts/{contact_id:uuid}/erasure",
    sync_to_thread=True,
    opt={"permission": "contacts:read"},
    summary="The receipt of an erasure",
    tags=["privacy"],
)
def get_erasure(
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    receipts: NamedDependency[SkipValidation[ErasureReceipts]],
) -> ErasureReceipt:
    """Return the signed receipt, always the same; 404 for a person who is not erased."""
    receipt = receipts.of(reads.workspace_id, contact_id)
    if receipt is None:
        raise not_found()
    return receipt


@get(
    "/v1/contacts/{contact_id:uuid}/erasure/preview",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list", "message_ledger")},
    summary="What an erasure would find",
    tags=["privacy"],
)
def get_erasure_preview(
    contact_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    previews: NamedDependency[SkipValidation[ErasurePreviews]],
) -> ErasurePreview:
    """Count what is there of this person; changes nothing."""
    preview = previews.of(reads.workspace_id, contact_id)
    if preview is None:
        raise not_found()
    return preview


@get(
    "/v1/privacy/retention",
    sync_to_thread=True,
    opt={"permission": "privacy:manage"},
    summary="How long things are kept",
    tags=["privacy"],
)
def get_retention(
    reads: NamedDependency[SkipValidation[TenantReads]],
    retention: NamedDependency[SkipValidation[PostgresRetention]],
) -> Retention:
    """Return what was chosen, or what holds by itself."""
    return Retention(**msgspec.structs.asdict(retention.settings(reads.workspace_id)))
