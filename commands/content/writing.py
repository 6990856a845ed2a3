"""What an author writes of a template, and what is kept of it: cleaned, with its text part."""

import hashlib
from typing import TypeVar

import msgspec

from commands.ports import Sanitizer
from domain.content import merge_tags, plain_text
from domain.shared.model import Event

F = TypeVar("F", bound=Event)


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """A template as its author hands it in; without `text` the text part is made from the HTML."""

    name: str
    subject: str
    html: str
    preheader: str = ""
    text: str = ""
    defaults: dict[str, str] = {}
    keep_foreign_tags: bool = False


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts of a template carry beside its id; the fields are those of TemplateAdded."""

    name: str
    subject: str
    html: str
    text: str
    sha256: str
    defaults: dict[str, str]
    warnings: list[str]
    keep_foreign_tags: bool
    preheader: str
    own_text: bool


def kept(writing: Writing, sanitizer: Sanitizer) -> Kept:
    """Clean, make the text part, and tell what the author should know.

    Unknown merge tags are warnings here, refusals at launch. Raises TemplateRefusedError for what
    cannot be made safe, MergeTagSyntaxError with line and column for a broken tag.
    """
    clean = sanitizer.clean(writing.html)
    text = writing.text or plain_text.from_html(clean.html)
    written = [writing.subject, clean.html, text]
    return Kept(
        name=writing.name,
        subject=writing.subject,
        html=clean.html,
        text=text,
        sha256=_digest(written + ([writing.preheader] if writing.preheader else [])),
        defaults=writing.defaults,
        warnings=[*clean.warnings, *_open_tags(writing)],
        keep_foreign_tags=writing.keep_foreign_tags,
        preheader=writing.preheader,
        own_text=bool(writing.text),
    )


def carrying(fact: type[F], content: msgspec.Struct, **others: object) -> F:
    """Return a fact with a template's content, of `Kept` or of another fact that carries one."""
    fields = {name: getattr(content, name) for name in Kept.__struct_fields__}
    return msgspec.convert(fields | others, fact)


def _open_tags(writing: Writing) -> list[str]:
    """Return a sentence for each tag that no contact may have, and each that is not closed."""
    # The HTML is the author's file, whose lines are named.
    problems = merge_tags.check(
        merge_tags.find_tags(writing.html), source=writing.html, defaults=writing.defaults
    )
    lines = [line for line in (writing.subject, writing.preheader, writing.text) if line]
    for line in lines:
        tags = [part for part in merge_tags.parse(line) if not isinstance(part, str)]
        problems += merge_tags.check(tags, source=line, defaults=writing.defaults)
    unclosed = [
        sentence for text in (writing.html, *lines) for sentence in merge_tags.unclosed(text)
    ]
    return [*dict.fromkeys(problem.message for problem in problems), *unclosed]


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
