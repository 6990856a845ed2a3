"""Digests of files."""

import hashlib
from collections.abc import Callable
from pathlib import Path

PIECE_BYTES = 1024 * 1024


def sha256_of(file: Path, *, progress: Callable[[int], None] = lambda _: None) -> bytes:
    """Return the SHA-256 of a file, a piece in memory at a time; `progress` hears bytes read."""
    digest, read = hashlib.sha256(), 0
    with file.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
            read += len(piece)
            progress(read)
    return digest.digest()
