"""The fixed bytes of a compiled body with numbered gaps, and the filling of the gaps."""

from collections.abc import Iterable

from domain.content.escaping import html_text
from domain.content.slots import LinkSlot, Part, PixelSlot, UnsubscribeSlot, Value
from infra.dkim.relaxed import relaxed_lines
from infra.mime.quoted_printable import encode_fixed, encode_value
from infra.mime.recipient import Recipient
from infra.mime.values import ValueReader, value_reader

# The numbers of the values that every recipient has; links and merge values follow.
_UNSUBSCRIBE, _PIXEL, _FIRST_LINK = 0, 2, 3


class Layout:
    """Built piece by piece at compile time; afterwards `fill` only reads it.

    Equal merge values share a number, so each is escaped and encoded once a mail however often it
    stands there. A URL has two numbers, the second for its HTML form.
    """

    def __init__(self, link_count: int) -> None:
        self._link_count = link_count
        self._pieces: list[bytes] = []
        self._relaxed: list[bytes] = []
        self._gaps: list[tuple[int, int]] = []
        self._values: dict[tuple[object, ...], int] = {}
        self._readers: list[ValueReader] = []

    def add_bytes(self, piece: bytes) -> None:
        """Append bytes that are complete as they are."""
        after_gap = self._gaps and self._gaps[-1][0] == len(self._pieces) - 1
        if self._pieces and not after_gap:
            self._pieces[-1] += piece
        else:
            self._pieces.append(piece)

    def add_parts(self, parts: Iterable[Part]) -> None:
        """Append the parts of one body, in quoted-printable."""
        for part in parts:
            if isinstance(part, str):
                self.add_bytes(encode_fixed(part))
            else:
                self._gaps.append((len(self._pieces), self._number(part)))
                self._pieces.append(b"")

    def finish(self) -> None:
        """Note how a signature sees the pieces; called once, when all are there."""
        self._relaxed = [relaxed_lines(piece) for piece in self._pieces]

    def _number(self, slot: Value | LinkSlot | UnsubscribeSlot | PixelSlot) -> int:
        if isinstance(slot, UnsubscribeSlot):
            return _UNSUBSCRIBE + slot.html
        if isinstance(slot, PixelSlot):
            return _PIXEL
        if isinstance(slot, LinkSlot):
            return _FIRST_LINK + 2 * slot.index + slot.html
        key = (slot.tag.name, slot.tag.filters, slot.fallback, slot.place)
        if key not in self._values:
            self._values[key] = _FIRST_LINK + 2 * self._link_count + len(self._readers)
            self._readers.append(value_reader(slot))
        return self._values[key]

    def fill(self, recipient: Recipient) -> list[bytes]:
        """Return the pieces of one mail, in order."""
        urls = recipient.link_urls
        targets = [urls(n) for n in range(self._link_count)] if callable(urls) else urls
        values = [*_both_forms(recipient.unsubscribe_url), _both_forms(recipient.open_url)[1]]
        for target in targets:
            values += _both_forms(target)
        values += [encode_value(read(recipient)) for read in self._readers]
        pieces = self._pieces.copy()
        for at, number in self._gaps:
            pieces[at] = values[number]
        return pieces

    def relaxed(self, filled: list[bytes]) -> bytes:
        """Return what `fill` gave as a signature sees it: every piece is whole lines."""
        pieces = self._relaxed.copy()
        for at, _ in self._gaps:
            pieces[at] = relaxed_lines(filled[at])
        return b"".join(pieces)


def _both_forms(url: str) -> tuple[bytes, bytes]:
    encoded = encode_value(url)
    shown = html_text(url)
    return encoded, encoded if shown == url else encode_value(shown)
