"""Generate the plain text part from clean HTML: the same words and links, in reading order.

Written here rather than taken from a library: merge tags must survive untouched, links must keep
their address beside them, and layout tables must read as text, which generic converters either
wrap, pad into columns or escape.
"""

from html import unescape

from domain.content.hidden_text import hidden_classes, is_hidden
from domain.content.html_tokens import RAW_TEXT, Kind, Token, tokens
from domain.content.names import names
from domain.content.text_flow import TextFlow

_PARAGRAPHS = names("p h1 h2 h3 h4 h5 h6 blockquote pre table ul ol dl figure")
_LINES = names(
    "div center section article header footer main nav address li dt dd tr caption figcaption form"
)
_VOID = names("area base br col embed hr img input link meta source track wbr")
_CELLS = frozenset({"td", "th"})


def from_html(html: str) -> str:
    """Return the visible text; a link reads `text (address)`, an image is its alt text.

    Hidden elements (preheaders) and everything in the head are left out. Merge tags are kept.
    """
    return _Writer(html).text()


class _Writer:
    """Walks the tokens and tells the flow what it meets."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._hidden_classes = hidden_classes(html)
        self._flow = TextFlow()
        self._links: list[tuple[str, int]] = []
        self._skipping: list[str] = []

    def text(self) -> str:
        for token in tokens(self._html):
            if token.kind is Kind.TEXT and not self._skipping:
                self._flow.write(unescape(self._html[token.start : token.end]))
            elif token.kind is Kind.START and token.name not in RAW_TEXT:
                self._start(token)
            elif token.kind is Kind.END:
                self._end(token.name)
        return self._flow.text()

    def _start(self, token: Token) -> None:
        name = token.name
        if self._skipping:
            if name not in _VOID and name == self._skipping[0]:
                self._skipping.append(name)
            return
        if name == "head" or is_hidden(token, self._hidden_classes):
            self._skipping = [] if name in _VOID else [name]
            return
        self._open(token)

    def _open(self, token: Token) -> None:
        name = token.name
        if name in _CELLS:
            self._flow.open_cell()
        elif name == "tr":
            self._flow.open_row()
        elif name == "li":
            self._flow.open_item()
        elif name in {"ul", "ol"}:
            self._flow.open_list(numbered=name == "ol")
        elif name in _PARAGRAPHS:
            self._flow.break_paragraph()
        elif name in _LINES:
            self._flow.break_line()
        else:
            self._inline(token)

    def _inline(self, token: Token) -> None:
        if token.name == "br":
            self._flow.new_line()
        elif token.name == "hr":
            self._flow.break_paragraph()
            self._flow.write("---")
            self._flow.break_paragraph()
        elif token.name == "img":
            self._flow.write(token.get("alt") or "")
        elif token.name == "a":
            self._links.append((token.get("href") or "", self._flow.mark()))

    def _end(self, name: str) -> None:
        if self._skipping:
            if name == self._skipping[0]:
                self._skipping.pop()
            return
        if name == "a" and self._links:
            self._close_link(*self._links.pop())
        elif name in _CELLS:
            self._flow.close_cell()
        elif name == "tr":
            self._flow.close_row()
        elif name in {"ul", "ol"}:
            self._flow.close_list()
        elif name in _PARAGRAPHS:
            self._flow.break_paragraph()
        elif name in _LINES:
            self._flow.break_line()

    def _close_link(self, address: str, mark: int) -> None:
        shown = self._flow.since(mark)
        address = address.removeprefix("mailto:").strip()
        if address and not address.startswith("#") and address != shown:
            self._flow.write(f" ({address})" if shown else address)
