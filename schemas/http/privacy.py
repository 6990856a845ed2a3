"""Erasing a person as the API shows it: what will happen, and the proof that it did."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.accepted import Accepted
from schemas.http.fields import Position

RECEIPT_KIND = "email-engine/erasure-receipt/1"


class ErasureReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Who was erased, when, by which command, and which key died; without personal data.

    `signature` is Ed25519 over `email-engine/erasure-receipt`, a NUL byte, and this document as
    compact JSON in this order of fields, without the signature itself.
    """

    kind: str
    workspace_id: UUID
    contact_id: UUID
    erased_at: datetime
    command_id: UUID
    actor: str
    position: Position
    key_sha256: Annotated[
        str, msgspec.Meta(description="Of the wrapped key that was destroyed; empty: no key.")
    ]
    key_id: Annotated[str, msgspec.Meta(description="Of the signing key.")]
    public_key: Annotated[str, msgspec.Meta(description="Ed25519, 32 bytes in base64.")]
    signature: Annotated[str, msgspec.Meta(description="64 bytes in base64.")] = ""


class AcceptedErasure(Accepted, frozen=True, kw_only=True):
    """The person is erased: the position of the fact, and the receipt."""

    receipt: ErasureReceipt


class ErasurePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What is there of a person, and would be emptied, removed or made unreadable."""

    contact_id: UUID
    erased: Annotated[bool, msgspec.Meta(description="It happened already.")]
    has_key: Annotated[bool, msgspec.Meta(description="Sealed fields can be read at present.")]
    status: str
    messages: int
    opens: int
    clicks: int
    queued_messages: Annotated[
        int, msgspec.Meta(description="Not sent yet; each will be skipped with a fact.")
    ]
    dead_letters: Annotated[int, msgspec.Meta(description="Transcripts that will be emptied.")]
    rejected_rows: Annotated[
        int, msgspec.Meta(description="Rejected rows of imports that will be emptied.")
    ]
    suppressions: Annotated[int, msgspec.Meta(description="They stay, without the address.")]
    running_imports: Annotated[
        int,
        msgspec.Meta(description="Files being read now; a file is forgotten when it was read."),
    ]
    exports: Annotated[
        int, msgspec.Meta(description="Exports that hold opened fields; they will be deleted.")
    ]
