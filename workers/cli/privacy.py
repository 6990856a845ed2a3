"""`engine privacy`: erase a person, see before what it means, prove afterwards that it happened."""

from pathlib import Path
from uuid import UUID

import click
import msgspec
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from commands.privacy.erase_contact import EraseContact, erase_contact
from domain.contacts.email_address import InvalidAddress
from infra.bootstrap import Adapters
from infra.crypto.address_keys import AddressKeys
from infra.email_addresses import EmailValidator
from infra.erasure_receipts import ErasureReceipts
from infra.postgres.connections import Role
from infra.postgres.erasure_preview import ErasurePreviews
from infra.postgres.erasures import PostgresErasures
from schemas.http.privacy import ErasurePreview, ErasureReceipt
from workers.cli.output_file import OUTPUT_FILE
from workers.cli.retention import retention_command
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    require_worker,
    session,
    until,
    wait_for,
)

DONE_WITHIN_S = 30.0
SCRUBBED_TABLES = ("contacts", "messages", "import_rejections", "dead_letters")
LINES = (
    ("messages", "messages in the log, whose sealed parts become unreadable"),
    ("opens", "opens"),
    ("clicks", "clicks"),
    ("queued_messages", "queued messages that will be skipped"),
    ("dead_letters", "dead letters whose transcript is emptied"),
    ("rejected_rows", "rejected rows of imports that are emptied"),
    ("suppressions", "suppressions that stay, without the address"),
    ("exports", "exports with opened fields that are deleted"),
    ("running_imports", "files being read now; each is forgotten when it was read"),
)

by_contact = click.option("--contact", type=click.UUID, help="The contact's id.")
by_email = click.option("--email", help="Or the address.")


@click.group("privacy")
def privacy_group() -> None:
    """Erase people, and prove it; say how long things are kept."""


privacy_group.add_command(retention_command)


@privacy_group.command("preview")
@by_contact
@by_email
@in_workspace
@as_json
def preview_command(
    *, contact: UUID | None, email: str | None, workspace: str | None, as_json: bool
) -> None:
    """Show what an erasure would find. Changes nothing."""
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        contact_id = _find(adapters, workspace_id, contact, email)
        preview, events = _preview(adapters, workspace_id, contact_id)
    answer(
        msgspec.to_builtins(preview) | {"events": events},
        as_json=as_json,
        text=_told(preview, events),
    )


@privacy_group.command("erase")
@by_contact
@by_email
@in_workspace
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--receipt", type=OUTPUT_FILE, help="Write the receipt to this file.")
@as_json
def erase_command(
    *,
    contact: UUID | None,
    email: str | None,
    workspace: str | None,
    yes: bool,
    receipt: Path | None,
    as_json: bool,
) -> None:
    """Erase a person for ever: the key is destroyed, then every table is emptied of the person.

    Safe to repeat; a second time answers the same receipt. Prints the receipt.
    """
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        contact_id = _find(adapters, workspace_id, contact, email)
        preview, events = _preview(adapters, workspace_id, contact_id)
        if not yes and not preview.erased:
            click.echo(_told(preview, events), err=True)
            click.confirm("There is no way back. Erase this person?", abort=True, err=True)
        require_worker(adapters, "projector")  # before anything is done, or it would be half done
        require_worker(adapters, "scheduler")
        proof = erase(adapters, workspace_id, contact_id)
    text = msgspec.json.format(msgspec.json.encode(proof), indent=2).decode()
    if receipt:
        receipt.write_text(text + "\n", encoding="utf-8")
    answer(
        msgspec.to_builtins(proof),
        as_json=as_json,
        text=f"contact {contact_id} is erased; the receipt is in {receipt}" if receipt else text,
    )


@privacy_group.command("verify-receipt")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
def verify_receipt_command(*, file: Path, as_json: bool) -> None:
    """Tell whether a receipt is genuine, and whether what it says still holds.

    Checks the signature, the fact in the log, and that the vault has no key and never will.
    """
    try:
        receipt = msgspec.json.decode(file.read_bytes(), type=ErasureReceipt)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{file} is not a receipt of an erasure: {error}") from error
    with session() as adapters:
        receipts = ErasureReceipts(adapters.pool, adapters.settings.secret_key)
        faults = receipts.faults(receipt, adapters.vault)
    answer(
        {"ok": not faults, "contact_id": receipt.contact_id, "faults": faults},
        as_json=as_json,
        text="\n".join(f"wrong: {fault}" for fault in faults)
        or f"valid: contact {receipt.contact_id} was erased at {receipt.erased_at:%Y-%m-%d %H:%M}"
        f" UTC, position {receipt.position}; the key is gone",
    )
    if faults:
        raise SystemExit(1)


def erase(adapters: Adapters, workspace_id: UUID, contact_id: UUID) -> ErasureReceipt:
    """Erase, wait until every table is scrubbed, and return the receipt."""
    erasures = PostgresErasures(adapters.pool)
    position = erase_contact(
        EraseContact(contact_id=contact_id),
        asking(workspace_id),
        adapters.log,
        erasures,
        adapters.vault,
    )
    for model in ("contact_list", "message_ledger"):
        wait_for(adapters, model, position)
    until(
        lambda: all(one.contact_id != contact_id for one in erasures.unfinished()),
        within_s=DONE_WITHIN_S,
        what="the scheduler to finish the erasure; it goes on by itself",
    )
    with adapters.connection(Role.MIGRATOR, bounded=False) as owner:
        _vacuum(owner)
    receipt = ErasureReceipts(adapters.pool, adapters.settings.secret_key).of(
        workspace_id, contact_id
    )
    if receipt is None:
        raise click.ClickException(f"the log holds no erasure of {contact_id}; ask again")
    return receipt


def _vacuum(owner: Connection[TupleRow]) -> None:
    """Take the old versions of the scrubbed rows out of the tables' files."""
    for table in SCRUBBED_TABLES:
        owner.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))


def _find(adapters: Adapters, workspace_id: UUID, contact: UUID | None, email: str | None) -> UUID:
    """Return the contact that is meant; by address it is found after its erasure too."""
    if (contact is None) == (email is None):
        raise click.UsageError("say who: either --contact ID or --email ADDRESS")
    if contact is not None:
        return contact
    checker = EmailValidator()
    address = checker.check((email or "").strip())
    if isinstance(address, InvalidAddress):
        raise click.BadParameter(address.reason, param_hint="--email")
    key = AddressKeys(adapters.settings.secret_key, workspace_id, checker).of(address)
    found = PostgresErasures(adapters.pool).contact_at(workspace_id, key)
    if found is None:
        raise click.ClickException("no contact of this workspace has this address")
    return found


def _preview(
    adapters: Adapters, workspace_id: UUID, contact_id: UUID
) -> tuple[ErasurePreview, int]:
    previews = ErasurePreviews(adapters.pool, adapters.vault)
    preview = previews.of(workspace_id, contact_id)
    if preview is None:
        raise click.ClickException(f"there is no contact {contact_id} in this workspace")
    return preview, previews.events(workspace_id, contact_id)


def _told(preview: ErasurePreview, events: int) -> str:
    head = f"contact {preview.contact_id} ({preview.status})"
    if preview.erased:
        return f"{head} is erased already"
    counts = [f"{getattr(preview, name):>9,}  {what}" for name, what in LINES]
    return "\n".join([f"{head}: erasing finds", f"{events:>9,}  events that name it", *counts])
