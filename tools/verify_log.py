# ruff: noqa: INP001, T201 - a script of its own, which prints what it found
"""Verify an exported log: python verify_log.py EXPORT [--public-key HEX] [--heads FILE].

Needs Python 3.11 and `cryptography`, and nothing of the engine that made the export, so that an
auditor can read it whole before trusting it. EXPORT is a directory with

    manifest.json    what the export is, with the digest of each file, signed
    seals.jsonl      the chain of seals, with the hashes that stand for what was left out
    events.jsonl     the events, ascending by position
    commits.jsonl    who made them, ascending by last position

Checked are: the manifest's signature; each seal's signature and its link to the seal before; each
seal's Merkle root (RFC 9162, section 2.1), from the rows that are there and the hashes of the
subtrees that were left out; the files' digests. So each row is one that was sealed, unchanged, at
its place, and no row that the proofs are for is missing. What a filter left out is not seen: that
it left out what it should is the manifest's word. The public key in the manifest is only as good
as the manifest: get the key's hex by another way (`engine log public-key`) and pass it.
Exit code: 0 as it was sealed, 1 not so, 2 not an export. The formats: docs/tamper-evidence.md.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Line = dict[str, Any]
SEAL = struct.Struct(">16sqqqii32s32s32sq8s")
EVENT = struct.Struct(">scq16s16si16sqI")
COMMIT = struct.Struct(">s16s16sqiqq16s")
WRONG, NO_EXPORT = 1, 2


class FaultError(Exception):
    """The export is not what was sealed."""


# Leaves: every stored column, numbers big-endian, lengths before texts.


def event_leaf(line: Line) -> bytes:
    """Return the bytes that were hashed for an event."""
    tag: bytes = line["tag"].encode()
    data = base64.b64decode(line["data"], validate=True)
    head = EVENT.pack(
        b"e", line["kind"].encode(), line["position"], uuid(line["workspace_id"]),
        uuid(line["stream_id"]), line["version"], uuid(line["command_id"]),
        line["recorded_at_us"], len(tag),
    )  # fmt: skip
    return head + tag + struct.pack(">I", len(data)) + data


def commit_leaf(line: Line) -> bytes:
    """Return the bytes that were hashed for a commit."""
    head = COMMIT.pack(
        b"c", uuid(line["workspace_id"]), uuid(line["command_id"]), line["recorded_at_us"],
        line["event_count"], line["first_position"], line["last_position"],
        uuid(line["correlation_id"]),
    )  # fmt: skip
    causation = None if line["causation_id"] is None else uuid(line["causation_id"])
    ip = None if line["ip"] is None else line["ip"].encode()
    texts = (line["actor"].encode(), line["command"].encode(), bytes.fromhex(line["digest"]))
    return head + b"".join(map(optional, (causation, ip, *texts)))


def optional(value: bytes | None) -> bytes:
    """Encode what may be absent: 0, or 1 with length and bytes."""
    return b"\x00" if value is None else b"\x01" + struct.pack(">I", len(value)) + value


def uuid(text: str) -> bytes:
    """Return the 16 bytes of a UUID."""
    found: bytes = UUID(text).bytes
    return found


# Merkle trees: RFC 9162, section 2.1, with the subtrees that were left out given by their hashes.


def sha256(data: bytes) -> bytes:
    """Return the digest."""
    return hashlib.sha256(data).digest()


def root_of(
    start: int, end: int, known: list[list[int]], leaves: Iterator[bytes], pruned: Iterator[bytes]
) -> bytes:
    """Return the hash of the subtree over leaves [start, end)."""
    inside = [span for span in known if span[0] < end and span[1] > start]
    if not inside:
        return next(pruned)
    if end - start == 1:
        return sha256(b"\x00" + next(leaves))
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    left = root_of(start, middle, inside, leaves, pruned)
    return sha256(b"\x01" + left + root_of(middle, end, inside, leaves, pruned))


# Seals: chained and signed.


def seal_hash(seal: Line) -> bytes:
    """Return what is signed, and what the next seal names as its previous one."""
    return sha256(
        SEAL.pack(
            uuid(seal["workspace_id"]), seal["number"], seal["first_position"],
            seal["last_position"], seal["event_count"], seal["leaf_count"],
            bytes.fromhex(seal["root"]), bytes.fromhex(seal["index_digest"]),
            bytes.fromhex(seal["previous"]), seal["sealed_at_us"], bytes.fromhex(seal["key_id"]),
        )
    )  # fmt: skip


def signed(public_key: bytes, purpose: bytes, message: bytes, signature: str) -> bool:
    """Tell whether the key signed the message for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            bytes.fromhex(signature), b"email-engine/" + purpose + b"\x00" + message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public_key: bytes) -> str:
    """Return the name of a key."""
    return sha256(public_key)[:8].hex()


# The export: files, rows in the order of their leaves.


class Export:
    """A directory with an export."""

    def __init__(self, folder: Path, keys: list[bytes]) -> None:
        self.folder = folder
        self.manifest: Line = json.loads((folder / "manifest.json").read_bytes())
        named = [bytes.fromhex(self.manifest["public_key"])]
        self.keys = {key_id(key): key for key in keys or named}
        self.rows = self.unsealed = 0

    def check_manifest(self) -> None:
        """Check the manifest's signature."""
        said = {name: value for name, value in self.manifest.items() if name != "signature"}
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signature, message = self.manifest["signature"], canonical.encode()
        if not any(signed(key, b"export", message, signature) for key in self.keys.values()):
            raise FaultError("manifest.json is not signed with a trusted key, or was changed")

    def check_files(self) -> None:
        """Check each file against its digest in the manifest."""
        for name, said in self.manifest["files"].items():
            if Path(name).name != name:
                raise FaultError(f"the manifest names {name}, which is not in this directory")
            with (self.folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != said["sha256"]:
                    raise FaultError(f"{name} is not the file that the manifest was made for")

    def lines(self, name: str) -> Iterator[Line]:
        """Yield a file's lines."""
        with (self.folder / name).open(encoding="utf-8") as file:
            yield from map(json.loads, file)

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Yield position and leaf of every row; a commit follows its last event."""
        commits = self.lines("commits.jsonl")
        commit = next(commits, None)
        for event in self.lines("events.jsonl"):
            while commit is not None and commit["last_position"] < event["position"]:
                yield commit["last_position"], self._leaf(commit, commit_leaf)
                commit = next(commits, None)
            yield event["position"], self._leaf(event, event_leaf)
        while commit is not None:
            yield commit["last_position"], self._leaf(commit, commit_leaf)
            commit = next(commits, None)

    def _leaf(self, line: Line, leaf: Any) -> bytes:  # noqa: ANN401 - one of the two above
        if line["workspace_id"] != self.manifest["workspace_id"]:
            raise FaultError(f"a row is of workspace {line['workspace_id']}")
        self.rows += 1
        packed: bytes = leaf(line)
        return packed


def check_chain(export: Export) -> Iterator[Line]:
    """Yield the seals, each after its signature and its link were checked."""
    previous: Line | None = None
    for seal in export.lines("seals.jsonl"):
        place = f"seal {seal['number']} (from position {seal['first_position']})"
        key = export.keys.get(seal["key_id"])
        if seal["workspace_id"] != export.manifest["workspace_id"]:
            raise FaultError(f"{place} is of another workspace")
        if key is None:
            raise FaultError(f"{place} is signed with key {seal['key_id']}, which is not trusted")
        if not signed(key, b"seal", seal_hash(seal), seal["signature"]):
            raise FaultError(f"the signature of {place} is wrong: the seal was changed")
        if previous is not None and not follows(seal, previous):
            raise FaultError(f"{place} does not follow the one before it: a seal is missing")
        yield seal
        previous = seal
    if previous is not None and previous["number"] != export.manifest["last_seal"]:
        raise FaultError("seals are missing at the end")


def follows(seal: Line, previous: Line) -> bool:
    """Tell whether a seal is the next one of the chain."""
    return bool(
        seal["number"] == previous["number"] + 1
        and bytes.fromhex(seal["previous"]) == seal_hash(previous)
        and seal["first_position"] > previous["last_position"]
    )


def check_rows(export: Export) -> int:
    """Check every row against the seals; return how many seals there are."""
    rows = export.leaves()
    row = next(rows, None)
    count = 0
    for seal in check_chain(export):
        found: list[tuple[int, bytes]] = []
        while row is not None and row[0] <= seal["last_position"]:
            found.append(row)
            row = next(rows, None)
        check_root(seal, found)
        count += 1
    if row is not None and not export.manifest["counts"]["unsealed_events"]:
        raise FaultError(f"position {row[0]} stands after the last seal")
    while row is not None:
        export.unsealed += 1
        row = next(rows, None)
    return count


def check_root(seal: Line, found: list[tuple[int, bytes]]) -> None:
    """Check that these rows, with what was left out, are what the seal signed."""
    where = f"{seal['first_position']} to {seal['last_position']}"
    known: list[list[int]] = seal["known"]
    ascending = all(a[1] < b[0] for a, b in pairwise(known))
    if not ascending or any(not 0 <= a < b <= seal["leaf_count"] for a, b in known):
        raise FaultError(f"seal {seal['number']} ({where}) does not say which rows it is for")
    wanted = sum(end - start for start, end in known)
    if len(found) != wanted:
        raise FaultError(
            first_fault(seal, found)
            or f"positions {where} should have {wanted} rows (events and commits) here, "
            f"not {len(found)}"
        )
    if not known:
        return  # nothing of it is exported: the signature vouches for the chain alone
    leaves, pruned = iter([leaf for _, leaf in found]), iter(map(bytes.fromhex, seal["pruned"]))
    try:
        root = root_of(0, seal["leaf_count"], known, leaves, pruned)
    except StopIteration:
        root = b""
    if root != bytes.fromhex(seal["root"]):
        raise FaultError(
            first_fault(seal, found)
            or f"a row of positions {found[0][0]} to {found[-1][0]} is not what was sealed (seal "
            f"{seal['number']}): changed, exchanged, or put in another's place"
        )


def first_fault(seal: Line, found: list[tuple[int, bytes]]) -> str | None:
    """Name the first bad position by the seal's index: 4 bytes of each leaf's hash, its position.

    The index proves nothing, so it is asked only when the proof has failed.
    """
    marks = index_of(seal)
    for at, (position, fingerprint) in enumerate(marks):
        if at == len(found) or position < found[at][0]:
            return f"position {position}: a row (the event, or its commit) is missing"
        if position > found[at][0]:
            return f"position {found[at][0]}: a row that was not sealed stands here"
        if fingerprint != sha256(b"\x00" + found[at][1])[:4]:
            return f"position {position}: the event or its commit is not what was sealed"
    if marks and len(found) > len(marks):
        return f"position {found[len(marks)][0]}: a row that was not sealed stands here"
    return None


def index_of(seal: Line) -> list[tuple[int, bytes]]:
    """Return position and fingerprint of each row that is here; nothing if it cannot be read."""
    count = sum(end - start for start, end in seal["known"])
    try:
        packed = base64.b64decode(seal["index"], validate=True)
        steps = struct.unpack(f">{count}Q", zlib.decompress(packed[4 * count :]))
    except (KeyError, ValueError, zlib.error, struct.error):
        return []
    marks, position = [], 0
    for at, step in enumerate(steps):
        position += step
        marks.append((position, packed[4 * at : 4 * at + 4]))
    return marks


def check_heads(export: Export, file: Path) -> int:
    """Check the chain against heads that were kept outside; return how many were compared."""
    heads = {
        head["number"]: head
        for head in json.loads(file.read_bytes())["heads"]
        if head["workspace_id"] == export.manifest["workspace_id"]
    }
    compared = 0
    for seal in export.lines("seals.jsonl"):
        head = heads.get(seal["number"])
        if head is not None:
            compared += 1
            if seal_hash(head) != seal_hash(seal):
                raise FaultError(
                    f"seal {seal['number']} is not the one that was taken out: the log was "
                    f"rewritten at or before position {head['last_position']}, or sealed again"
                )
    return compared


def main(arguments: list[str]) -> int:
    """Verify; say what was found."""
    parser = argparse.ArgumentParser(description="Verify an exported log.")
    parser.add_argument("export", type=Path, help="the directory with manifest.json")
    parser.add_argument("--public-key", action="append", default=[], type=bytes.fromhex)
    parser.add_argument("--heads", type=Path, help="file of `engine log checkpoints`, kept outside")
    options = parser.parse_args(arguments)
    try:
        export = Export(options.export, options.public_key)
        export.check_manifest()
        seals = check_rows(export)  # before the files' digests: it can say where
        export.check_files()
        compared = check_heads(export, options.heads) if options.heads else 0
    except FaultError as fault:
        print(f"NOT AS IT WAS SEALED: {fault}")
        return WRONG
    except (OSError, KeyError, ValueError, TypeError, struct.error) as error:
        print(f"this is not an export that can be read: {error!r}", file=sys.stderr)
        return NO_EXPORT
    print(f"as it was sealed: {export.rows:,} rows, {seals:,} seals, {compared:,} heads compared")
    if export.unsealed:
        print(f"{export.unsealed:,} of the rows were not sealed yet: the manifest alone signs them")
    if not options.public_key:
        print("the key is the manifest's own word; compare it: " + export.manifest["public_key"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
