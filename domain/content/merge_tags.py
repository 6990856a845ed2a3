r"""The grammar of merge tags, and the check that every tag of a template can be filled in.

    tag    = "{{" name *( "|" filter ) "}}"
    name   = ( letter / "_" ) *63( letter / digit / "_" )
    filter = "upper" / "lower" / "title" / "default" ":" string
    string = DQUOTE *( any but DQUOTE ) DQUOTE / "'" *( any but "'" ) "'"

There is nothing else: no attribute access, no expressions, no loops, no evaluation. Other things
between double braces (`{{#each items}}`, `{{> part}}`, `{{{raw}}}` of other systems) are *foreign*:
kept as text and reported, never obeyed. The parser walks the text once.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from html import unescape

import msgspec

from domain.content.errors import MergeTagSyntaxError, UnknownMergeTagError
from domain.content.html_tokens import Kind, line_and_column, tokens

CONTACT_FIELDS = frozenset({"email", "first_name", "last_name"})
UNSUBSCRIBE_URL = "unsubscribe_url"
POSTAL_ADDRESS = "postal_address"
RESERVED = frozenset({UNSUBSCRIBE_URL, POSTAL_ADDRESS})
FILTERS = ("default", "upper", "lower", "title")
MAX_NAME = 64
MAX_TAG = 1_000
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _LETTERS | frozenset("0123456789")
_FOREIGN_SIGILS = frozenset("#/^>&!{=~*@")


class Tag(msgspec.Struct, frozen=True):
    """A merge tag: the field, its default if written, and the filters in order."""

    name: str
    source: str
    default: str | None = None
    filters: tuple[str, ...] = ()
    offset: int = 0


class Foreign(msgspec.Struct, frozen=True):
    """A double-brace construct of another template language, kept as the text it is."""

    source: str
    offset: int = 0


Segment = str | Tag | Foreign


def parse(source: str, *, base: int = 0, encoded: bool = False) -> list[Segment]:
    """Split into text, tags and foreign constructs, in order; joined sources give `source` again.

    `base` is added to the offsets; `encoded` says that the source is HTML, in whose tags character
    references stand for characters. Raises MergeTagSyntaxError; `locate` adds line and column.
    """
    segments: list[Segment] = []
    start = position = 0
    while (opening := source.find("{{", position)) >= 0:
        closing = _closing(source, opening)
        if closing < 0:
            position = opening + 2
            continue
        opening = max(opening, source.rfind("{{", opening + 3, closing))
        if opening > start:
            segments.append(source[start:opening])
        written = source[opening:closing]
        segments.append(_construct(written, offset=base + opening, encoded=encoded))
        start = position = closing
    if start < len(source):
        segments.append(source[start:])
    return segments


def _closing(source: str, opening: int) -> int:
    """Return the offset just behind the `}}` of this `{{`, outside quotes; -1 when there is none.

    A tag ends within MAX_TAG characters, which bounds the work for many lone `{{`.
    """
    limit = min(len(source), opening + MAX_TAG)
    plain = source.find("}}", opening + 2, limit)
    if plain < 0:
        return -1
    quote = ""
    for at in range(opening + 2, limit - 1):
        character = source[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "}" and source[at + 1] == "}":
            plain = at
            break
    triple = source.startswith("{{{", opening) and source.startswith("}}}", plain)
    return plain + (3 if triple else 2)


def _construct(written: str, *, offset: int, encoded: bool) -> Tag | Foreign:
    inner = written[2:-2]
    inner = (unescape(inner) if encoded and "&" in inner else inner).strip()
    if not inner or inner[0] in _FOREIGN_SIGILS or inner == "else":
        return Foreign(written, offset)
    pieces = _split_filters(inner)
    name = pieces[0].strip()
    if not _is_name(name):
        return Foreign(written, offset)
    return _with_filters(Tag(name, written, offset=offset), pieces[1:])


def _is_name(text: str) -> bool:
    return bool(text) and len(text) <= MAX_NAME and text[0] in _LETTERS and _NAME.issuperset(text)


def _split_filters(inner: str) -> list[str]:
    pieces: list[str] = []
    quote = ""
    start = 0
    for at, character in enumerate(inner):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "|":
            pieces.append(inner[start:at])
            start = at + 1
    return [*pieces, inner[start:]]


def _with_filters(tag: Tag, pieces: list[str]) -> Tag:
    filters: list[str] = []
    default: str | None = None
    for piece in pieces:
        name, colon, argument = piece.strip().partition(":")
        name = name.strip()
        if name not in FILTERS:
            raise _syntax(
                tag, f"the filter {name!r} does not exist; there are: {', '.join(FILTERS)}"
            )
        if name == "default":
            default = _string(tag, argument.strip())
        elif colon:
            raise _syntax(tag, f"the filter {name!r} takes no argument")
        else:
            filters.append(name)
    return Tag(tag.name, tag.source, default, tuple(filters), tag.offset)


def _string(tag: Tag, written: str) -> str:
    quoted = (
        len(written) > 1
        and written[0] in "\"'"
        and written.find(written[0], 1) == (len(written) - 1)
    )
    if not quoted:
        raise _syntax(tag, f'write the default in quotes, like {{{{ {tag.name} | default: "x" }}}}')
    return written[1:-1]


def _syntax(tag: Tag, reason: str) -> MergeTagSyntaxError:
    error = MergeTagSyntaxError(f"merge tag {_shown(tag.source)}: {reason}")
    error.add_note(str(tag.offset))
    return error


def _shown(source: str) -> str:
    return " ".join(source.split())[:120]


def find_tags(html: str) -> list[Tag | Foreign]:
    """Return every tag of an HTML source where tags are filled in: texts, titles, attributes.

    Comments, styles and scripts are left out. Offsets are those of `html`. Raises
    MergeTagSyntaxError with line and column.
    """
    found: list[Tag | Foreign] = []
    try:
        for token in tokens(html):
            if token.kind is Kind.TEXT or (token.kind is Kind.RAW and token.name == "title"):
                found += _tags(html[token.start : token.end], token.start, encoded=True)
            for attribute in token.attributes if token.kind is Kind.START else ():
                if "{{" in attribute.raw:
                    found += _tags(attribute.value, attribute.at, encoded=False)
    except MergeTagSyntaxError as error:
        raise locate(error, html) from None
    return found


def _tags(text: str, base: int, *, encoded: bool) -> list[Tag | Foreign]:
    segments = parse(text, base=base, encoded=encoded)
    return [segment for segment in segments if not isinstance(segment, str)]


def locate(error: MergeTagSyntaxError, source: str) -> MergeTagSyntaxError:
    """Return the error with the line and column of its place in `source`."""
    notes = getattr(error, "__notes__", [])
    line, column = line_and_column(source, int(notes[0]) if notes else 0)
    return MergeTagSyntaxError(f"line {line}, column {column}: {error}")


class TagProblem(msgspec.Struct, frozen=True):
    """A tag that cannot be filled in; `message` names its place and the repair."""

    name: str
    message: str
    line: int
    column: int


def check(
    found: Iterable[Tag | Foreign],
    *,
    source: str,
    fields: AbstractSet[str] = frozenset(),
    defaults: Mapping[str, str] | None = None,
) -> list[TagProblem]:
    """Return one problem for each different tag that is neither a field nor has a default.

    `fields` are the workspace's custom fields; `defaults` those declared with the template. When a
    template is saved these are warnings; at launch `require` makes them refusals.
    """
    known = CONTACT_FIELDS | RESERVED | fields | (defaults or {}).keys()
    problems: dict[str, TagProblem] = {}
    for tag in found:
        key = tag.name if isinstance(tag, Tag) else tag.source
        if (isinstance(tag, Tag) and tag.name in known) or key in problems:
            continue
        line, column = line_and_column(source, tag.offset)
        place = f"at line {line}, column {column}"
        problems[key] = TagProblem(key, _advice(tag, place, known), line, column)
    return list(problems.values())


def _advice(tag: Tag | Foreign, place: str, known: AbstractSet[str]) -> str:
    if isinstance(tag, Foreign):
        return (
            f"{_shown(tag.source)} {place} belongs to another template language and would be sent "
            "as it stands: remove it, or keep foreign tags on purpose"
        )
    close = get_close_matches(tag.name.lower(), sorted(known), n=1)
    repair = (
        f"did you mean {close[0]}?"
        if close
        else f"known are {', '.join(sorted(known))}; or give the template a default for it"
    )
    return f"unknown merge tag {{{{ {tag.name} }}}} {place}: {repair}"


def unclosed(source: str) -> list[str]:
    """Return a warning for each `{{` that no `}}` closes: it is sent as the text it is."""
    warnings = []
    offset = 0
    for segment in parse(source):
        text = segment if isinstance(segment, str) else segment.source
        if isinstance(segment, str) and (at := text.find("{{")) >= 0:
            line, column = line_and_column(source, offset + at)
            warnings.append(
                f"`{{{{` at line {line}, column {column} is never closed and would be sent as it "
                "stands: add }} behind the name of the tag"
            )
        offset += len(text)
    return warnings


def require(problems: Iterable[TagProblem]) -> None:
    """Raise UnknownMergeTagError naming every problem, if there is any."""
    messages = [problem.message for problem in problems]
    if messages:
        raise UnknownMergeTagError("; ".join(messages))


def apply_filters(tag: Tag, value: str) -> str:
    """Return the value after the tag's filters; `title` capitalises each word's first letter."""
    for name in tag.filters:
        if name == "upper":
            value = value.upper()
        elif name == "lower":
            value = value.lower()
        else:
            value = " ".join(word[:1].upper() + word[1:] for word in value.split(" "))
    return value
