"""Compile the plain text part; the addresses that the HTML tracks are tracked here as well."""

from collections.abc import Mapping

from domain.content.escaping import Place
from domain.content.footer import text_footer
from domain.content.merge_tags import POSTAL_ADDRESS, UNSUBSCRIBE_URL, Tag
from domain.content.slots import LinkSlot, Part
from domain.content.tag_resolver import TagResolver

_MAY_FOLLOW_ADDRESS = frozenset(" \t\n<>\"()[].,;:!?'")


def text_parts(text: str, tags: TagResolver, *, links: Mapping[str, int]) -> list[Part]:
    """Return the text as parts, with the missing parts of the footer appended."""
    found = tags.parse(text, where="the text")
    uses = {segment.name for segment in found if isinstance(segment, Tag)}
    footer = text_footer(
        address=POSTAL_ADDRESS not in uses, unsubscribe=UNSUBSCRIBE_URL not in uses
    )
    whole = (text.rstrip() + footer).strip() + "\n"
    parts: list[Part] = []
    for part in tags.fill(tags.parse(whole, where="the text"), Place.PLAIN):
        parts += _linked(part, links) if isinstance(part, str) else [part]
    return parts


def _linked(text: str, links: Mapping[str, int]) -> list[Part]:
    parts: list[Part] = []
    start = position = 0
    longest = max(map(len, links), default=0)
    while (at := text.find("http", position)) >= 0:
        end = _address_end(text, at, links, longest=longest)
        if end > at:
            parts += [text[start:at], LinkSlot(links[text[at:end]], html=False)]
            start = end
        position = max(end, at + 4)
    return [*parts, text[start:]]


def _address_end(text: str, at: int, links: Mapping[str, int], *, longest: int) -> int:
    """Return where the longest tracked address that starts here ends, `at` when there is none."""
    for end in range(min(len(text), at + longest), at, -1):
        if text[at:end] in links and (end == len(text) or text[end] in _MAY_FOLLOW_ADDRESS):
            return end
    return at
