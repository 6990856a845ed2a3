"""Read HTML as a mail client would, with parsers that are not the product's own."""

import re
from html.parser import HTMLParser

from bs4 import BeautifulSoup, Comment, NavigableString

from domain.content.names import names

SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "cid:", "#", "{{")
FORBIDDEN_ELEMENTS = names(
    "script iframe object embed applet base link form input button textarea select svg math video"
    " audio frame frameset template noscript plaintext xmp noembed noframes"
)
_BAD_CSS = re.compile(
    r"expression|behavio|-moz-binding|@import|javascript:|vbscript:|data:|http://|position:\s*(?:fixed|absolute|sticky)",
    re.IGNORECASE,
)
_INVISIBLE_PARENTS = {"style", "script", "title", "head"}


def visible_text(html: str) -> str:
    """Return the words a reader sees or would see, with runs of white space as one space."""
    soup = BeautifulSoup(html, "html.parser")
    texts = [
        str(text)
        for text in soup.find_all(string=True)
        if type(text) is NavigableString and _is_read(text)
    ]
    return " ".join(" ".join(texts).split())


def _is_read(text: NavigableString) -> bool:
    return text.parent is not None and text.parent.name not in _INVISIBLE_PARENTS


def links(html: str) -> list[tuple[str, str]]:
    """Return (address, shown words) of every link in order."""
    soup = BeautifulSoup(html, "html.parser")
    return [
        (str(link["href"]).strip(), " ".join(link.get_text().split()))
        for link in soup.find_all("a", href=True)
    ]


def count(html: str, element: str) -> int:
    """Return how many such elements there are."""
    return len(BeautifulSoup(html, "html.parser").find_all(element))


class _Tags(HTMLParser):
    """Collects what the standard library's parser sees, which differs from bs4 in rough places."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def dangers(html: str) -> list[str]:
    """Return everything in a document that could run, load or overlay; empty when it is safe."""
    parser = _Tags()
    parser.feed(html)
    parser.close()
    problems = []
    for tag, attributes in parser.found:
        if tag in FORBIDDEN_ELEMENTS:
            problems.append(f"<{tag}>")
        for name, value in attributes:
            problems += _attribute_dangers(tag, name, value or "")
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        problems += _BAD_CSS.findall(_without_escapes(style.get_text()))
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        problems += _comment_dangers(str(comment))
    return problems


def _attribute_dangers(tag: str, name: str, value: str) -> list[str]:
    if name.startswith("on") or name in {"srcdoc", "formaction", "xlink:href", "http-equiv"}:
        return [f"{tag} {name}"]
    if name in {"href", "src", "background", "action", "poster", "data"}:
        plain = re.sub(r"[\x00-\x20]+", "", value).lower()
        return [] if plain.startswith(SAFE_SCHEMES) else [f"{tag} {name}={value!r}"]
    if name == "style":
        return [f"style {found}" for found in _BAD_CSS.findall(_without_escapes(value))]
    return []


def _comment_dangers(comment: str) -> list[str]:
    inner = re.fullmatch(
        r"\[if (?:(?:gte|lte|gt|lt) )?mso(?: \d{1,2})?\]>(.*)<!\[endif\]", comment, re.DOTALL
    )
    if not inner:
        return [f"comment {comment[:40]!r}"]
    tags = {tag.lower() for tag in re.findall(r"</?\s*([A-Za-z:]+)", inner[1])}
    known = names(
        "table tbody tr td th center div br style xml o:officedocumentsettings o:allowpng"
        " o:pixelsperinch"
    )
    return sorted(tags - known) + [
        f"comment on*={found}" for found in re.findall(r"\son\w+=", inner[1])
    ]


def _without_escapes(css: str) -> str:
    """Decode CSS escapes and drop comments, so that a hidden word is seen."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\\([0-9a-fA-F]{1,6})\s?", lambda found: chr(int(found[1], 16) % 0x110000), css)
