"""What an author should look at before a template is sent: each with its place and the repair.

Sources: Gmail clips a message whose HTML is above 102 kB (support.google.com/mail, "message
clipped"); pictures need an alternative text (WCAG 2.1, 1.1.1), a document a language (3.1.1);
subjects beyond about 60 characters are cut on most screens.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from domain.content.errors import MergeTagSyntaxError
from domain.content.html_tokens import Kind, Token, line_and_column, tokens
from domain.content.merge_tags import (
    POSTAL_ADDRESS,
    UNSUBSCRIBE_URL,
    Foreign,
    Segment,
    TagProblem,
    check,
    find_tags,
    parse,
    unclosed,
)

GMAIL_CLIPS_BYTES = 102 * 1024
LONG_SUBJECT = 60
LONG_PREHEADER = 130
FEW_WORDS = 20
"""With a picture and fewer words than this a mail is all picture."""


class Severity(StrEnum):
    """How bad: an error keeps a campaign from being sent, a warning harms it, a hint is advice."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing; `line` is that of the part named, None where it has no place."""

    severity: Severity
    code: str
    part: str  # html, subject, preheader, text
    message: str
    fix: str
    line: int | None = None


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at: `html` as its author wrote it, `text` empty when it is made from it."""

    subject: str
    preheader: str
    html: str
    text: str
    defaults: dict[str, str]
    fields: frozenset[str] = frozenset()
    keep_foreign_tags: bool = False
    sent_bytes: int = 0  # of the HTML as it is sent
    generated_text: str = ""


def lint(content: Linted) -> list[Finding]:
    """Return what there is to say, errors first, then by line."""
    found = [*_subject(content), *_tags(content), *_footer(content), *_markup(content.html)]
    found += [*_size(content), *_text(content)]
    order = list(Severity)
    return sorted(found, key=lambda one: (order.index(one.severity), one.part, one.line or 0))


def _subject(content: Linted) -> Iterator[Finding]:
    subject = content.subject.strip()
    if not subject:
        yield _finding("error", "subject_empty", "subject", "the subject is empty",
                       "write what the mail is about")  # fmt: skip
    elif len(subject) > LONG_SUBJECT:
        yield _finding(
            "warning", "subject_long", "subject",
            f"the subject has {len(subject)} characters; phones show about 40, most screens 60",
            f"say the important part in the first {LONG_SUBJECT}",
        )  # fmt: skip
    if len(subject) > 1 and subject.isupper():
        yield _finding("warning", "subject_shouts", "subject", "the subject is all capitals",
                       "write it as a sentence: filters and readers take it for spam")  # fmt: skip
    if not content.preheader:
        yield _finding(
            "hint", "preheader_missing", "preheader",
            "there is no preheader: inboxes show the first words of the mail instead",
            "write one line that goes on where the subject ends",
        )  # fmt: skip
    elif len(content.preheader) > LONG_PREHEADER:
        yield _finding("hint", "preheader_long", "preheader", "the preheader is cut by inboxes",
                       f"keep it below {LONG_PREHEADER} characters")  # fmt: skip


def _tags(content: Linted) -> Iterator[Finding]:
    """Yield what cannot be filled in; only the parts that are well are asked for more."""
    for part, source in _sources(content):
        try:
            segments = parts_of(part, source)
            left_open = unclosed(source)
        except MergeTagSyntaxError as error:
            yield _finding(
                "error", "merge_tag_syntax", part, str(error),
                'write it like {{ name | default: "x" }}', line=_line_of(error, source),
            )  # fmt: skip
            continue
        marked = [one for one in segments if not isinstance(one, str)]
        for problem in check(
            marked, source=source, fields=content.fields, defaults=content.defaults
        ):
            yield _unknown(problem, part, kept=content.keep_foreign_tags)
        for sentence in left_open:
            yield _finding("warning", "merge_tag_open", part, sentence, "close it with }}")


def _sources(content: Linted) -> Iterator[tuple[str, str]]:
    yield "html", content.html
    yield "subject", content.subject
    yield "preheader", content.preheader
    yield "text", content.text


def parts_of(part: str, source: str) -> list[Segment]:
    """Return the tags of a part, in HTML those where tags are filled in."""
    return list(find_tags(source)) if part == "html" else parse(source)


def _line_of(error: MergeTagSyntaxError, source: str) -> int:
    """Return the line of a broken tag: HTML's error says it, a text's carries the offset."""
    said = str(error)
    if said.startswith("line "):
        return int(said[5:].partition(",")[0])
    notes = getattr(error, "__notes__", ["0"])
    return line_and_column(source, int(notes[0]))[0]


def _unknown(problem: TagProblem, part: str, *, kept: bool) -> Finding:
    return _finding(
        "warning" if kept else "error",
        "unknown_merge_tag",
        part,
        problem.message,
        "use a field that contacts have, give the template a default for it, or remove the tag",
        line=problem.line,
    )


def _footer(content: Linted) -> Iterator[Finding]:
    """Yield what the footer adds by itself, so that nobody wonders where it comes from."""
    try:
        found = find_tags(content.html)
    except MergeTagSyntaxError:
        return  # said already
    names = {one.name for one in found if not isinstance(one, Foreign)}
    if UNSUBSCRIBE_URL not in names:
        yield _finding(
            "warning", "unsubscribe_missing", "html",
            "there is no unsubscribe link; a plain one is added at the end",
            f"link {{{{ {UNSUBSCRIBE_URL} }}}} where it fits your design",
        )  # fmt: skip
    if POSTAL_ADDRESS not in names:
        yield _finding(
            "warning", "postal_address_missing", "html",
            "there is no postal address; it is added at the end",
            f"write {{{{ {POSTAL_ADDRESS} }}}} where it fits your design",
        )  # fmt: skip


def _markup(html: str) -> Iterator[Finding]:
    has_language = False
    whole = False
    for token in tokens(html):
        if token.kind is not Kind.START:
            continue
        line = line_and_column(html, token.start)[0]
        if token.name == "img":
            yield from _picture(token, line)
        elif token.name == "a":
            yield from _link(token, line)
        elif token.name == "html":
            whole, has_language = True, bool(token.get("lang"))
    if whole and not has_language:
        yield _finding("hint", "language_missing", "html", "the document does not say its language",
                       'write <html lang="en">, so that screen readers pronounce it')  # fmt: skip


def _picture(token: Token, line: int) -> Iterator[Finding]:
    if token.get("alt") is None:
        yield _finding(
            "warning", "alt_missing", "html", "a picture has no alternative text",
            'add alt="what it shows", or alt="" for decoration: many inboxes hide pictures',
            line=line,
        )  # fmt: skip
    if (token.get("src") or "").strip().lower().startswith("http:"):
        yield _finding("warning", "picture_insecure", "html", "a picture is loaded without https",
                       "write https:// - mail programs may not show it", line=line)  # fmt: skip


def _link(token: Token, line: int) -> Iterator[Finding]:
    target = (token.get("href") or "").strip()
    if not target or target == "#":
        yield _finding("warning", "link_empty", "html", "a link leads nowhere",
                       "give it an address in href", line=line)  # fmt: skip
    elif target.lower().startswith("http:"):
        yield _finding("warning", "link_insecure", "html", f"a link leads to {target[:80]}",
                       "write https:// so that nobody can read it", line=line)  # fmt: skip


def _size(content: Linted) -> Iterator[Finding]:
    if content.sent_bytes > GMAIL_CLIPS_BYTES:
        yield _finding(
            "warning", "gmail_clips", "html",
            f"the HTML has {content.sent_bytes:,} bytes; Gmail cuts it at {GMAIL_CLIPS_BYTES:,}",
            "shorten texts and styles: what is cut holds the unsubscribe link",
        )  # fmt: skip


def _text(content: Linted) -> Iterator[Finding]:
    if not (content.text or content.generated_text).strip():
        yield _finding("warning", "text_missing", "text", "the text part is empty",
                       "write some text: filters distrust mail without any")  # fmt: skip
    if len(content.generated_text.split()) < FEW_WORDS and "<img" in content.html.lower():
        yield _finding("warning", "all_picture", "html", "the mail is nearly all picture",
                       "say the main thing in text, for those who see no pictures")  # fmt: skip


def _finding(
    severity: str, code: str, part: str, message: str, fix: str, *, line: int | None = None
) -> Finding:
    return Finding(
        severity=Severity(severity), code=code, part=part, message=message, fix=fix, line=line
    )
