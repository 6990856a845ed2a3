"""Compile a snapshot once a campaign: fixed text, slots, and the numbered links."""

import msgspec

from domain.content.compile_html import HtmlCompiler
from domain.content.compile_text import text_parts
from domain.content.escaping import Place
from domain.content.plain_text import from_html
from domain.content.slots import Part, joined
from domain.content.snapshot import Snapshot
from domain.content.tag_resolver import TagResolver


class CompiledContent(msgspec.Struct, frozen=True):
    """Subject and bodies as parts; `links[n]` is the target of `LinkSlot(n)`."""

    subject: tuple[Part, ...]
    html: tuple[Part, ...]
    text: tuple[Part, ...]
    links: tuple[str, ...]
    warnings: tuple[str, ...]


def compile_content(snapshot: Snapshot) -> CompiledContent:
    """Return the compiled content, from which every mail of the campaign is made.

    Links are numbered in order of appearance, one number a target. A missing unsubscribe link or
    postal address is appended. Raises UnknownMergeTagError, MergeTagSyntaxError and, for a link
    whose host would be a value in part, TemplateRefusedError.
    """
    tags = TagResolver(snapshot)
    html = HtmlCompiler(tags, track_opens=snapshot.track_opens, track_clicks=snapshot.track_clicks)
    subject = tags.fill(tags.parse(snapshot.subject, where="the subject"), Place.HEADER)
    document = html.document(snapshot.html)
    text = text_parts(snapshot.text or from_html(snapshot.html), tags, links=html.links)
    return CompiledContent(
        subject=joined(subject),
        html=joined(document),
        text=joined(text),
        links=tuple(html.links),
        warnings=tuple(dict.fromkeys(tags.warnings)),
    )
