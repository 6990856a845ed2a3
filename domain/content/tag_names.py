"""Which merge tags does a content use?"""

from typing import Protocol

from domain.content import merge_tags
from domain.content.merge_tags import CONTACT_FIELDS, RESERVED, Tag


class Tagged(Protocol):
    """Whatever has the texts of a template."""

    @property
    def subject(self) -> str:
        """The subject line."""

    @property
    def preheader(self) -> str:
        """The line behind it."""

    @property
    def html(self) -> str:
        """The HTML part."""

    @property
    def text(self) -> str:
        """The text part."""

    @property
    def defaults(self) -> dict[str, str]:
        """The template's values for what a contact may lack."""


def custom_names(content: Tagged) -> set[str]:
    """Return the tags that only a custom field of contacts could fill in."""
    found = merge_tags.find_tags(content.html)
    for source in (content.subject, content.preheader, content.text):
        found += [piece for piece in merge_tags.parse(source) if not isinstance(piece, str)]
    names = {tag.name for tag in found if isinstance(tag, Tag)}
    return names - CONTACT_FIELDS - RESERVED - content.defaults.keys()
