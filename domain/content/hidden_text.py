"""Find what a mail client hides, such as preheaders, so that it stays out of the text part."""

from domain.content.html_tokens import Kind, Token, tokens

_DECLARATIONS = ("display:none", "visibility:hidden", "mso-hide:all")


def hides(style: str) -> bool:
    """Tell whether these declarations take the element out of sight."""
    compact = "".join(style.lower().split())
    return any(declaration in compact for declaration in _DECLARATIONS[:2])


def hidden_classes(html: str) -> frozenset[str]:
    """Return the classes that a style sheet of the document hides on every screen.

    Only rules outside @media whose selector is one class, perhaps behind an element's name.
    """
    found: set[str] = set()
    for token in tokens(html):
        if token.kind is Kind.RAW and token.name == "style":
            found |= _classes_hidden_by(html[token.start : token.end])
    return frozenset(found)


def _classes_hidden_by(css: str) -> set[str]:
    found: set[str] = set()
    position = 0
    while (opening := css.find("{", position)) >= 0:
        prelude = css[position:opening].strip()
        closing = _block_end(css, opening)
        if not prelude.startswith("@") and hides(css[opening + 1 : closing]):
            found |= {_class_of(selector) for selector in prelude.split(",")}
        position = closing + 1
    return found - {""}


def _block_end(css: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(css)):
        depth += (css[at] == "{") - (css[at] == "}")
        if depth == 0:
            return at
    return len(css)


def _class_of(selector: str) -> str:
    """Return the class of `.name` or `element.name`, empty for any other selector."""
    element, dot, name = selector.strip().partition(".")
    simple = dot and (not element or element.isalnum()) and name.replace("-", "").replace("_", "")
    return name if simple and simple.isalnum() else ""


def is_hidden(token: Token, classes: frozenset[str]) -> bool:
    """Tell whether this start tag's element is out of sight."""
    if token.get("hidden") is not None or hides(token.get("style") or ""):
        return True
    return not classes.isdisjoint((token.get("class") or "").split())
