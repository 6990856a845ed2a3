"""Every event type of every context, by its own tag; never a Python path."""

import importlib
from functools import cache
from types import MappingProxyType
from typing import get_type_hints

import msgspec

from domain.shared.model import Event
from domain.shared.personal import PERSONAL

CONTEXTS = (
    "campaigns",
    "contacts",
    "content",
    "delivery",
    "developer",
    "engagement",
    "identity",
    "platform",
    "privacy",
    "tenancy",
)


def _collect() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for context in CONTEXTS:
        events: tuple[type[Event], ...] = importlib.import_module(f"domain.{context}.events").EVENTS
        for event in events:
            if event.TAG in found or not event.TAG.startswith(context + "."):
                raise RuntimeError(f"the tag {event.TAG} is used twice or names another context")
            found[event.TAG] = event
    return found


EVENT_TYPES = MappingProxyType(_collect())


@cache
def context_of(tag: str) -> str:
    """Return the context that a tag belongs to."""
    return tag.split(".", 1)[0]


def personal_fields(event: type[Event]) -> dict[str, object]:
    """Return the fields that are sealed, with the type of their plain value."""
    hints = get_type_hints(event, include_extras=True)
    return {
        field.name: hints[field.name]
        for field in msgspec.structs.fields(event)
        if _is_personal(hints[field.name])
    }


def _is_personal(hint: object) -> bool:
    return any(
        isinstance(meta, msgspec.Meta) and bool((meta.extra or {}).get(PERSONAL))
        for meta in getattr(hint, "__metadata__", ())
    )
