"""Cut a decoded file into lines, in bounded memory, whatever ends them."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from infra.files.text_encoding import TextEncoding

_BLOCK_BYTES = 256 * 1024


def iterate_lines(file: BinaryIO, *, encoding: TextEncoding, max_line_chars: int) -> Iterator[str]:
    r"""Yield the lines of a file from its start, each with its end (\n, \r\n or \r).

    Of a line longer than `max_line_chars` only that many characters and one more come out.
    Other separators that `str.splitlines` knows stay inside their line, as in CSV they must.
    """
    rest = ""
    skipping = False
    for text in _decoded_blocks(file, encoding=encoding):
        block = rest + text
        end = _end_of_last_line(block)
        for line in io.StringIO(block[:end], newline=""):
            if not skipping:
                yield line if len(line) <= max_line_chars else line[: max_line_chars + 1]
            skipping = False
        rest = block[end:]
        if len(rest) > max_line_chars:
            if not skipping:
                yield rest[: max_line_chars + 1]
            rest, skipping = "", True
    if rest and not skipping:
        yield from io.StringIO(rest, newline="")


def _decoded_blocks(file: BinaryIO, *, encoding: TextEncoding) -> Iterator[str]:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding.name)(errors=encoding.errors)
    while block := file.read(_BLOCK_BYTES):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _end_of_last_line(text: str) -> int:
    r"""Return where the unfinished line begins; a last \r waits for the \n that may follow."""
    usable = len(text) - 1 if text.endswith("\r") else len(text)
    return max(text.rfind("\n", 0, usable), text.rfind("\r", 0, usable)) + 1
