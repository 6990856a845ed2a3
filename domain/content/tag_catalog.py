"""The merge tags that there are, with examples: what a picker shows."""

import msgspec

from domain.content.merge_tags import POSTAL_ADDRESS, UNSUBSCRIBE_URL


class CatalogTag(msgspec.Struct, frozen=True):
    """One tag: what it becomes, an example of that, and how to write it."""

    name: str
    meaning: str
    example: str
    syntax: str


def of_contacts() -> list[CatalogTag]:
    """Return the tags that every contact may have."""
    return [
        CatalogTag("first_name", "The contact's first name", "Alex", _with_fallback("first_name")),
        CatalogTag("last_name", "The contact's last name", "Example", _with_fallback("last_name")),
        CatalogTag("email", "The contact's address", "alex@example.com", "{{ email }}"),
    ]


def of_mail() -> list[CatalogTag]:
    """Return the tags that the engine fills in."""
    return [
        CatalogTag(
            UNSUBSCRIBE_URL,
            "The recipient's own unsubscribe link",
            "https://mail.example.com/u/...",
            f'<a href="{{{{ {UNSUBSCRIBE_URL} }}}}">Unsubscribe</a>',
        ),
        CatalogTag(
            POSTAL_ADDRESS,
            "The workspace's postal address",
            "1 Orchard Road, Springfield",
            f"{{{{ {POSTAL_ADDRESS} }}}}",
        ),
    ]


def of_field(name: str, example: str) -> CatalogTag:
    """Return the tag of a custom field."""
    return CatalogTag(name, "A field of your contacts", example, _with_fallback(name))


def _with_fallback(name: str) -> str:
    return f'{{{{ {name} | default: "there" }}}}'
