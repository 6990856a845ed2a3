"""Carry small safe pieces through the sanitizer as numbered comments of our own."""

from domain.content.html_tokens import Kind, tokens

_MARK = "kept:"


class Placeholders:
    """The pieces set aside; each must be safe wherever a comment may stand."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def keep(self, piece: str) -> str:
        """Set a piece aside; return the comment that stands for it."""
        self._pieces.append(piece)
        return f"<!--{_MARK}{len(self._pieces) - 1}-->"

    def piece(self, comment: str) -> str:
        """Return the piece for one of our comments, and nothing for any other comment."""
        content = comment.removeprefix("<!--").removesuffix("-->")
        number = content.removeprefix(_MARK)
        if content == number or not number.isdecimal() or len(number) > len(str(len(self._pieces))):
            return ""
        return self._pieces[int(number)] if int(number) < len(self._pieces) else ""


def restore(html: str, placeholders: Placeholders) -> str:
    """Put the pieces back into the sanitizer's output, and drop every other comment."""
    written = []
    for token in tokens(html):
        source = html[token.start : token.end]
        if token.kind is Kind.COMMENT:
            source = placeholders.piece(source)
        elif token.kind is Kind.DECLARATION:
            source = ""
        written.append(source)
    return "".join(written)
