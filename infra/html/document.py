"""Take a document apart into head, body tag and body, and put it together again in one form.

nh3 cleans fragments and would lose the wrapper; here it is rebuilt from the few things that mail
programs understand.
"""

import re
from html import escape, unescape

import msgspec

from domain.content.html_tokens import Attribute, Token
from infra.html.allowed import BODY_ATTRIBUTES
from infra.html.css import clean_declarations

_META = (
    "viewport",
    "x-apple-disable-message-reformatting",
    "color-scheme",
    "supported-color-schemes",
    "format-detection",
)
_OFFICE = ' xmlns:o="urn:schemas-microsoft-com:office:office"'
_META_CONTENT = re.compile(r"[A-Za-z0-9 =,.;-]{0,200}")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")
_MEDIA = re.compile(r"[A-Za-z0-9 ,():-]{1,200}")


class Document(msgspec.Struct):
    """The parts of a document; every field but `body` is safe as soon as it is set."""

    html_attributes: dict[str, str] = {}
    metas: dict[str, str] = {}
    title: str = ""
    styles: list[str] = []
    conditionals: list[str] = []
    body_attributes: dict[str, str] = {}
    body: str = ""

    def add_html_tag(self, token: Token) -> None:
        """Keep language and direction."""
        for name in ("lang", "dir"):
            value = token.get(name) or ""
            if _LANGUAGE.fullmatch(value):
                self.html_attributes[name] = value

    def add_body_tag(self, token: Token) -> None:
        """Keep colours, classes and styles of the body."""
        for attribute in token.attributes:
            if attribute.name in BODY_ATTRIBUTES:
                self.body_attributes.setdefault(attribute.name, _body_value(attribute))

    def add_meta(self, token: Token) -> bool:
        """Keep a meta element of the few that mail programs know; tell whether it was one."""
        if token.get("charset") is not None or token.get("http-equiv") is not None:
            # The charset is always UTF-8 and stated below; other pragmas are for browsers.
            return (token.get("http-equiv") or "content-type").lower() in {
                "content-type",
                "x-ua-compatible",
            }
        name, content = (token.get("name") or "").lower(), token.get("content") or ""
        if name not in _META or not _META_CONTENT.fullmatch(content):
            return False
        self.metas.setdefault(name, content)
        return True

    def add_title(self, source: str) -> None:
        """Keep the first title that says something."""
        self.title = self.title or " ".join(unescape(source).split())

    def add_style(self, css: str, *, media: str) -> None:
        """Keep a clean style sheet; `media` as in the attribute."""
        if not css:
            return
        limited = media.lower() not in {"", "all"} and _MEDIA.fullmatch(media)
        attribute = f' media="{media}"' if limited else ""
        self.styles.append(f"<style{attribute}>\n{css}</style>")

    def render(self) -> str:
        """Return the whole document in its one form."""
        metas = [
            f'<meta name="{name}" content="{self.metas[name]}">'
            for name in _META
            if name in self.metas
        ]
        head = [
            '<meta charset="utf-8">',
            *metas,
            f"<title>{escape(self.title, quote=False)}</title>",
            *self.styles,
            *self.conditionals,
        ]
        office = _OFFICE if any("<o:" in item for item in self.conditionals) else ""
        return (
            f"<!DOCTYPE html>\n<html{_attributes(self.html_attributes)}{office}>\n<head>\n"
            + "\n".join(head)
            + f"\n</head>\n<body{_attributes(self.body_attributes)}>\n{self.body}\n</body>\n"
            + "</html>\n"
        )


def _body_value(attribute: Attribute) -> str:
    if attribute.name == "style":
        return clean_declarations(attribute.value).css
    return attribute.value


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
