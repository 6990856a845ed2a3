"""Erase people as the API does, and look at what is left."""

from uuid import UUID

from commands.privacy.erase_contact import EraseContact, erase_contact
from domain.privacy.events import ContactAnonymized
from infra.bootstrap import Adapters
from infra.erasure_receipts import ErasureReceipts
from infra.postgres.erasures import PostgresErasures
from infra.postgres.tenant_scope import tenant_scope
from projections.registry import PROJECTIONS
from schemas.http.privacy import ErasureReceipt
from tests.support.asking import asking
from tests.support.working import catch_up
from workers.cli.projections import verified
from workers.erasing import ErasureFinisher


def erase(adapters: Adapters, workspace: UUID, contact: UUID) -> int:
    """One command, as the HTTP process gives it."""
    return erase_contact(
        EraseContact(contact_id=contact),
        asking(workspace),
        adapters.log,
        PostgresErasures(adapters.pool),
        adapters.vault,
    )


def finish(worker: Adapters) -> None:
    """Let the scheduler's part do what is left, and the read models follow."""
    finisher = ErasureFinisher(worker, worker="scheduler")
    while finisher.step():
        pass
    catch_up(worker)


def erasures_of(adapters: Adapters, workspace: UUID) -> list[ContactAnonymized]:
    rows = [row for page in adapters.reader.pages(0) for row in page]
    events = [adapters.mapper.decode(r.tag, r.data) for r in rows if r.workspace_id == workspace]
    return [event for event in events if isinstance(event, ContactAnonymized)]


def stage_of(adapters: Adapters, workspace: UUID, contact: UUID) -> str:
    with tenant_scope(adapters.pool, workspace) as cursor:
        row = cursor.execute(
            "SELECT stage FROM erasures WHERE contact_id = %s", (contact,)
        ).fetchone()
    return str(row[0]) if row else "never asked"


def receipt_of(adapters: Adapters, workspace: UUID, contact: UUID) -> ErasureReceipt:
    receipt = ErasureReceipts(adapters.pool, adapters.settings.secret_key).of(workspace, contact)
    assert receipt is not None
    return receipt


def unverified(worker: Adapters) -> list[str]:
    """The read models that differ from a fold of the log."""
    return [name for name in PROJECTIONS if not verified(worker, name).ok]
