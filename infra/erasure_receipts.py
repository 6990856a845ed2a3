"""Receipts of erasures: made from the log whenever asked for, always the same, and verifiable."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64Error
from uuid import UUID

import msgspec

from domain.privacy.decider import erasure_stream
from domain.privacy.events import ContactAnonymized
from infra.crypto.signing import SigningKey, is_signed, key_id
from infra.crypto.vault import KeyVault
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret
from schemas.http.privacy import RECEIPT_KIND, ErasureReceipt

PURPOSE = "erasure-receipt"
_FIND = """
SELECT e.recorded_at, e.command_id, c.actor, e.position, e.data
  FROM events e JOIN commits c ON c.workspace_id = e.workspace_id AND c.command_id = e.command_id
 WHERE e.kind = 'd' AND e.workspace_id = %s AND e.stream_id = %s AND e.version = 1 AND e.tag = %s
"""


class ErasureReceipts:
    """The port `commands.http.ports.Receipts`, and the check of what somebody holds."""

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._key = SigningKey(secret_key)

    def of(self, workspace_id: UUID, contact_id: UUID) -> ErasureReceipt | None:
        """Return the signed receipt; None while the erasure is not in the log."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                _FIND, (workspace_id, erasure_stream(contact_id), ContactAnonymized.TAG)
            ).fetchone()
        if row is None:
            return None
        erased_at, command_id, actor, position, data = row
        event = msgspec.json.decode(bytes(data), type=ContactAnonymized)
        receipt = ErasureReceipt(
            kind=RECEIPT_KIND,
            workspace_id=workspace_id,
            contact_id=contact_id,
            erased_at=erased_at,
            command_id=command_id,
            actor=actor,
            position=position,
            key_sha256=event.key_sha256,
            key_id=self._key.key_id,
            public_key=b64encode(self._key.public_key).decode(),
        )
        signature = self._key.sign(PURPOSE, signed_bytes(receipt))
        return msgspec.structs.replace(receipt, signature=b64encode(signature).decode())

    def faults(self, receipt: ErasureReceipt, vault: KeyVault) -> list[str]:
        """Return what is wrong with a receipt, one sentence each; empty when it holds."""
        found = signature_faults(receipt)
        if receipt.key_id != self._key.key_id:
            found.append(
                f"it was signed with the key {receipt.key_id}, this installation's is "
                f"{self._key.key_id}: verify it where it was made"
            )
        real = self.of(receipt.workspace_id, receipt.contact_id)
        if real is None:
            found.append("the log holds no erasure of this contact")
        else:
            found += [
                f"{name} is {getattr(receipt, name)}, the log says {getattr(real, name)}"
                for name in ("erased_at", "command_id", "actor", "position", "key_sha256")
                if getattr(receipt, name) != getattr(real, name)
            ]
        if vault.living(receipt.workspace_id, [receipt.contact_id]):
            found.append("the vault still holds a key of this person")
        if not vault.is_fenced(receipt.workspace_id, receipt.contact_id):
            found.append("the vault has no fence: this person could get a key again")
        return found


def signed_bytes(receipt: ErasureReceipt) -> bytes:
    """Return what the signature is over: the document in compact JSON, without the signature."""
    fields = msgspec.structs.asdict(receipt)
    del fields["signature"]
    return msgspec.json.encode(fields)


def signature_faults(receipt: ErasureReceipt) -> list[str]:
    """Check the document by itself; needs no installation."""
    if receipt.kind != RECEIPT_KIND:
        return [f"it is a {receipt.kind[:80]!r}, not a {RECEIPT_KIND!r}"]
    try:
        public_key = b64decode(receipt.public_key, validate=True)
        signature = b64decode(receipt.signature, validate=True)
    except (NotBase64Error, ValueError):
        return ["its public key or its signature is not base64"]
    if key_id(public_key) != receipt.key_id:
        return ["its key id is not that of its public key"]
    if not is_signed(public_key, PURPOSE, signed_bytes(receipt), signature):
        return ["the signature does not fit: the receipt was changed, or was never made here"]
    return []
