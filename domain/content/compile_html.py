"""Compile a clean HTML document into parts: values, numbered links, footer and pixel."""

from domain.content.errors import TemplateRefusedError
from domain.content.escaping import Place
from domain.content.footer import html_footer
from domain.content.html_tokens import Attribute, Kind, Token, tokens
from domain.content.links import LinkKind, classify
from domain.content.merge_tags import POSTAL_ADDRESS, Foreign, Segment, Tag, find_tags
from domain.content.slots import LinkSlot, Part, PixelSlot, UnsubscribeSlot
from domain.content.tag_resolver import TagResolver

NO_TRACK = "data-no-track"
_URL_ATTRIBUTES = frozenset({"href", "src", "background"})
_LITERAL = str.maketrans({"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;"})


class HtmlCompiler:
    """One compilation: `links` maps each tracked target to its number as they are met."""

    def __init__(self, tags: TagResolver, *, track_opens: bool, track_clicks: bool) -> None:
        self._tags = tags
        self._track_opens = track_opens
        self._track_clicks = track_clicks
        self.links: dict[str, int] = {}

    def document(self, html: str) -> list[Part]:
        """Return the document as parts, with missing footer and pixel before the body's end."""
        end = html.rfind("</body>")
        end = end if end >= 0 else len(html)
        parts = self._markup(html[:end])
        has_address = any(
            isinstance(tag, Tag) and tag.name == POSTAL_ADDRESS for tag in find_tags(html)
        )
        has_unsubscribe = any(isinstance(part, UnsubscribeSlot) for part in parts)
        parts += self._markup(html_footer(address=not has_address, unsubscribe=not has_unsubscribe))
        if self._track_opens:
            parts += ['<img src="', PixelSlot(), '" width="1" height="1" alt="">\n']
        return [*parts, html[end:]]

    def _markup(self, html: str) -> list[Part]:
        parts: list[Part] = []
        for token in tokens(html):
            source = html[token.start : token.end]
            if token.kind is Kind.START and (token.name == "a" or "{{" in source):
                parts += self._start_tag(token)
            elif "{{" in source and (token.kind is Kind.TEXT or token.name == "title"):
                segments = self._tags.parse(source, where="the HTML", encoded=True)
                parts += self._tags.fill(segments, Place.HTML)
            else:
                parts.append(source)
        return parts

    def _start_tag(self, token: Token) -> list[Part]:
        track = self._track_clicks and token.name == "a" and token.get(NO_TRACK) is None
        parts: list[Part] = [f"<{token.name}"]
        for attribute in token.attributes:
            if attribute.name != NO_TRACK:
                value = self._attribute(attribute, token.name, track=track)
                parts += [f' {attribute.name}="', *value, '"']
        return [*parts, ">"]

    def _attribute(self, attribute: Attribute, element: str, *, track: bool) -> list[Part]:
        where = f"the {attribute.name} of <{element}>"
        value = attribute.value
        if attribute.name not in _URL_ATTRIBUTES:
            return self._filled(self._tags.parse(value, where=where), Place.HTML)
        segments = self._tags.parse(value.strip(), where=where)
        return self._address(value.strip(), segments, track=track and attribute.name == "href")

    def _address(self, target: str, segments: list[Segment], *, track: bool) -> list[Part]:
        kind = classify(target, segments, track=track)
        if kind is LinkKind.TRACKED:
            return [LinkSlot(self.links.setdefault(target, len(self.links)))]
        if kind is LinkKind.HOST_FROM_FIELD:
            raise TemplateRefusedError(
                f"the link {target} takes part of its host from a contact's field: write scheme "
                "and host out (https://example.com/...), or use one tag as the whole address"
            )
        if kind in {LinkKind.PERSONAL, LinkKind.FROM_FIELD} and track:
            self._tags.warnings.append(
                f"clicks on {target} are not tracked, because the address differs by recipient"
            )
        whole = kind is LinkKind.FROM_FIELD
        return self._filled(segments, Place.URL_WHOLE if whole else Place.URL_PART)

    def _filled(self, segments: list[Segment], place: Place) -> list[Part]:
        """Return the parts of an attribute's value; decoded texts are encoded again."""
        literal: list[Segment] = [
            item if isinstance(item, Tag) else _source(item).translate(_LITERAL)
            for item in segments
        ]
        return self._tags.fill(literal, place)


def _source(segment: str | Foreign) -> str:
    return segment if isinstance(segment, str) else segment.source
