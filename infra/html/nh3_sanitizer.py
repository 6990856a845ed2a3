"""The Sanitizer port on nh3 (ammonia), between a linear scan before and a fixed form after."""

import nh3

from domain.content.clean_html import CleanHtml
from domain.content.errors import TemplateRefusedError
from domain.content.html_tokens import tokens
from infra.html.allowed import (
    ADDRESSES,
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    ELEMENTS,
    LINK_SCHEMES,
    PICTURE_SCHEMES,
    is_allowed_address,
)
from infra.html.css import clean_declarations
from infra.html.findings import Findings
from infra.html.limits import check_size, check_structure
from infra.html.placeholders import restore
from infra.html.take_apart import take_apart
from infra.html.text_input import readable

# One pass is enough for honest HTML; a document that still changes after these is a trick.
MAX_PASSES = 4


class Nh3Sanitizer:
    """Cleans whole HTML documents; stateless, may be shared by threads."""

    def __init__(self) -> None:
        self._cleaner = nh3.Cleaner(
            tags=set(ELEMENTS),
            clean_content_tags=set(DROPPED_WITH_CONTENT),
            attributes=ATTRIBUTES,
            attribute_filter=_filter_attribute,
            strip_comments=False,  # ours must survive; `restore` drops every other one
            link_rel=None,
            url_schemes=set(LINK_SCHEMES | PICTURE_SCHEMES),
            url_relative=_keep_tags_and_anchors,
        )

    def clean(self, html: str) -> CleanHtml:
        """Return the safe document and what was taken out; cleaning it again changes nothing.

        Raises TemplateRefusedError for what is too large, too deep or unstable. Takes time in
        proportion to the size: callers may run it in a thread.
        """
        source = readable(html)
        findings = Findings(source)
        clean = self._pass(source, findings)
        for _ in range(MAX_PASSES):
            again = self._pass(clean, Findings(clean))
            if again == clean:
                return CleanHtml(html=clean, warnings=findings.sentences())
            clean = again
        raise TemplateRefusedError(
            "the template changes each time it is cleaned, as hidden scripts do: check it with an "
            "HTML validator and close every element"
        )

    def _pass(self, html: str, findings: Findings) -> str:
        check_size(html)
        found = list(tokens(html))
        check_structure(html, found)
        document, placeholders = take_apart(html, found, findings)
        document.body = restore(self._nh3(document.body), placeholders).strip()
        return document.render()

    def _nh3(self, fragment: str) -> str:
        try:
            return self._cleaner.clean(fragment)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            # A Rust panic arrives as PanicException, which derives from BaseException.
            raise TemplateRefusedError(
                "the HTML cannot be read by the sanitizer: check it with an HTML validator"
            ) from error


def _keep_tags_and_anchors(address: str) -> str | None:
    return address if address.lstrip().startswith(("{{", "#")) else None


def _filter_attribute(element: str, attribute: str, value: str) -> str | None:
    if attribute == "style":
        return clean_declarations(value).css or None
    if attribute in ADDRESSES:
        return value if is_allowed_address(value, picture=element != "a") else None
    if attribute == "target":
        return "_blank"
    return value
