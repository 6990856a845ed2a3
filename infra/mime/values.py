"""Read one merge value of a recipient: the field or its fallback, filtered and escaped."""

from collections.abc import Callable

from domain.content.escaping import escape
from domain.content.merge_tags import apply_filters
from domain.content.slots import LinkSlot, PixelSlot, UnsubscribeSlot, Value
from infra.mime.recipient import Recipient

ValueReader = Callable[[Recipient], str]


def value_reader(slot: Value | LinkSlot | UnsubscribeSlot | PixelSlot) -> ValueReader:
    """Return the function that gives the escaped text for a recipient.

    URL slots have no place in a subject; they read as nothing there.
    """
    if not isinstance(slot, Value):
        return lambda _: ""
    name, place, tag, fallback = slot.tag.name, slot.place, slot.tag, slot.fallback

    def read(recipient: Recipient) -> str:
        value = recipient.email if name == "email" else recipient.fields.get(name, "")
        if not value or value.isspace():
            value = fallback
        return escape(apply_filters(tag, value) if tag.filters else value, place)

    return read
