"""What a compiled template is made of: fixed text, and places that differ by recipient."""

import msgspec

from domain.content.escaping import Place
from domain.content.merge_tags import Tag


class Value(msgspec.Struct, frozen=True):
    """A contact's value; `fallback` is written when the contact has none."""

    tag: Tag
    place: Place
    fallback: str = ""


class LinkSlot(msgspec.Struct, frozen=True):
    """The tracking URL of link `index`; `html` says whether to escape it for an attribute."""

    index: int
    html: bool = True


class UnsubscribeSlot(msgspec.Struct, frozen=True):
    """The recipient's unsubscribe URL."""

    html: bool = True


class PixelSlot(msgspec.Struct, frozen=True):
    """The URL of the recipient's open pixel."""


Part = str | Value | LinkSlot | UnsubscribeSlot | PixelSlot


def joined(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts with neighbouring texts merged and empty ones dropped."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return tuple(result)
