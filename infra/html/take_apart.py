"""Walk a document's tokens once: the head into its parts, the rest into what nh3 will clean."""

from collections.abc import Sequence
from html import escape

from domain.content.html_tokens import RAW_TEXT, Kind, Token
from domain.content.names import names
from infra.html import conditional
from infra.html.allowed import (
    ADDRESSES,
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    ELEMENTS,
    is_allowed_address,
)
from infra.html.css import clean_declarations, clean_stylesheet
from infra.html.document import Document
from infra.html.findings import Findings
from infra.html.placeholders import Placeholders

_WRAPPER = names("html head body meta title")
# Text right behind these stands between rows, from where parsers move it in front of the table.
_BEFORE_ROW = names("table thead tbody tfoot tr")
_AFTER_ROW = names("thead tbody tfoot tr td th")


def take_apart(
    html: str, found: Sequence[Token], findings: Findings
) -> tuple[Document, Placeholders]:
    """Return the document with its raw body, and what is carried around the sanitizer."""
    walk = _Walk(html, findings)
    for token in found:
        walk.take(token)
    walk.document.body = "".join(walk.body)
    return walk.document, walk.placeholders


class _Walk:
    """What was seen so far: `between_rows` tells whether text here would leave its table."""

    def __init__(self, html: str, findings: Findings) -> None:
        self.html = html
        self.findings = findings
        self.document = Document()
        self.placeholders = Placeholders()
        self.body: list[str] = []
        self.between_rows = False
        self.style_media = ""

    def take(self, token: Token) -> None:
        """Route one token."""
        source = self.html[token.start : token.end]
        match token.kind:
            case Kind.TEXT:
                self._text(source)
            case Kind.RAW:
                self._raw(token, source)
            case Kind.START:
                self._start(token, source)
            case Kind.END:
                if token.name not in _WRAPPER and token.name not in RAW_TEXT:
                    self.body.append(source)
                    self.between_rows = token.name in _AFTER_ROW
            case Kind.COMMENT:
                self._comment(token, source)
            case Kind.DECLARATION:
                pass

    def _text(self, source: str) -> None:
        stays = source.isspace() or "{{" not in source or not self.between_rows
        self.body.append(source if stays else self.placeholders.keep(escape_text(source)))

    def _raw(self, token: Token, source: str) -> None:
        if token.name == "title":
            self.document.add_title(source)
        elif token.name == "style":
            result = clean_stylesheet(source)
            for dropped in result.dropped:
                self.findings.add(f"removed {dropped} from <style>", at=token.start)
            self.document.add_style(result.css, media=self.style_media)

    def _start(self, token: Token, source: str) -> None:
        if token.name == "style":
            self.style_media = (token.get("media") or "").strip()
            return
        if token.name == "title":
            return
        if token.name in _WRAPPER:
            self._wrapper(token)
            return
        self._report(token)
        if token.name not in RAW_TEXT:
            self.body.append(source)
            self.between_rows = token.name in _BEFORE_ROW

    def _wrapper(self, token: Token) -> None:
        if token.name == "html":
            self.document.add_html_tag(token)
        elif token.name == "body":
            self.document.add_body_tag(token)
            self._report_attributes(token)
        elif token.name == "meta" and not self.document.add_meta(token):
            self.findings.add("removed a <meta> that mails do not need", at=token.start)

    def _comment(self, token: Token, source: str) -> None:
        rebuilt = conditional.rebuild(source)
        if rebuilt is None:
            if source.startswith("<!--[if"):
                self.findings.add(
                    "removed a conditional comment; allowed is [if mso] with a style sheet or"
                    " table tags only",
                    at=token.start,
                )
            return
        comment, in_head = rebuilt
        if in_head:
            self.document.conditionals.append(comment)
        else:
            self.body.append(self.placeholders.keep(comment))

    def _report(self, token: Token) -> None:
        name = token.name
        if name not in ELEMENTS:
            content = " with its content" if name in DROPPED_WITH_CONTENT else ""
            self.findings.add(f"removed <{name[:40]}>{content}", at=token.start)
            return
        self._report_attributes(token)

    def _report_attributes(self, token: Token) -> None:
        allowed = ATTRIBUTES.get(token.name, set())
        for attribute in token.attributes:
            where = f"on <{token.name}>"
            if attribute.name == "style":
                for dropped in clean_declarations(attribute.value).dropped:
                    self.findings.add(f"removed {dropped} from a style {where}", at=attribute.at)
            elif token.name != "body" and attribute.name not in allowed | {"rel"}:
                self.findings.add(f"removed {attribute.name[:40]} {where}", at=attribute.at)
            elif attribute.name in ADDRESSES and not is_allowed_address(
                attribute.value, picture=token.name != "a"
            ):
                shown = " ".join(attribute.value.split())[:60]
                self.findings.add(
                    f"removed {attribute.name}={shown!r} {where}: write an absolute https address",
                    at=attribute.at,
                )


def escape_text(source: str) -> str:
    """Return an HTML text with whatever could be markup escaped, its references kept."""
    return escape(source, quote=False).replace("&amp;", "&")
