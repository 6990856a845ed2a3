"""Heads that were taken out of the installation: read them back, and compare the log with them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.chain_check import Fault
from infra.eventstore.leaves import EPOCH
from infra.eventstore.seal_rows import seal_at
from infra.eventstore.seals import Seal


class HeadsError(Exception):
    """The file does not hold heads that this installation signed."""


class _Head(msgspec.Struct):
    """A line of `evidence.head_line`."""

    workspace_id: UUID
    number: int
    first_position: int
    last_position: int
    event_count: int
    leaf_count: int
    root: str
    index_digest: str
    previous: str
    sealed_at_us: int
    key_id: str
    signature: str


class _HeadsFile(msgspec.Struct):
    """What the command line writes (`heads`), or a page of the API (`items`)."""

    heads: list[_Head] = []
    items: list[_Head] = []


def read_heads(content: bytes, keys: Mapping[str, bytes]) -> list[Seal]:
    """Return the heads of a file that `evidence.heads_file` made.

    Raises HeadsError when it is no such file, or a head is not signed with one of the keys.
    """
    try:
        file = msgspec.json.decode(content, type=_HeadsFile)
        heads = [_seal(head) for head in (*file.heads, *file.items)]
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise HeadsError(f"this is not a file of `engine log checkpoints`: {error}") from error
    if not heads:
        raise HeadsError("there is no head in this file: make it with `engine log checkpoints`")
    for head in heads:
        key = keys.get(head.key_id)
        if key is None or not head.is_signed_by(key):
            raise HeadsError(
                f"the head of workspace {head.workspace_id} is not signed with a trusted key "
                f"(its key is {head.key_id}): the file was changed, or give its key with --trust"
            )
    return heads


def rewritten(connection: Connection[TupleRow], heads: Iterable[Seal]) -> Iterator[Fault]:
    """Yield a fault for each head that the log does not lead to any more.

    This is what finds a log that somebody who has the key rewrote and signed again.
    """
    for head in heads:
        seal = seal_at(connection, head.workspace_id, head.number)
        if seal is not None and seal.hash == head.hash:
            continue
        what = (
            "was cut off"
            if seal is None
            else f"was rewritten at or before position {head.last_position}, or sealed again"
        )
        yield Fault(
            workspace_id=head.workspace_id,
            position=head.first_position,
            seal=head.number,
            what=f"seal {head.number} is not the one that was taken out: the log {what}",
        )


def _seal(head: _Head) -> Seal:
    return Seal(
        workspace_id=head.workspace_id,
        number=head.number,
        first_position=head.first_position,
        last_position=head.last_position,
        event_count=head.event_count,
        leaf_count=head.leaf_count,
        root=bytes.fromhex(head.root),
        index_digest=bytes.fromhex(head.index_digest),
        previous=bytes.fromhex(head.previous),
        sealed_at=EPOCH + timedelta(microseconds=head.sealed_at_us),
        key_id=head.key_id,
        signature=bytes.fromhex(head.signature),
    )
