"""What a trash can hold."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of things that can be deleted and come back."""

    CONTACT = "contact"
    TEMPLATE = "template"
    CAMPAIGN = "campaign"
