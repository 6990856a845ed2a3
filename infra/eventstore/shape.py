"""What the mapper precomputes of an event type: its plain part, its sealed part, its readers."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import FieldInfo, force_setattr

from domain.shared.model import Event
from infra.eventstore.event_types import personal_fields


class Boxed(msgspec.Struct):
    """What of a stored event says whether and how it opens."""

    subject: UUID
    box: bytes | None


class Shape(msgspec.Struct, frozen=True):
    """One type that the log holds. Without personal fields all but `decoder` is idle.

    `plain` makes the stored struct of the plain fields, its last argument the box under "~";
    `sealed` makes the struct that stands inside the box: the personal fields by their names.
    """

    type: type[Event]
    tag_name: bytes  # without the version: a box stays readable through upcasts
    decoder: msgspec.json.Decoder[Event]
    boxed: msgspec.json.Decoder[Boxed]
    personal: tuple[str, ...]
    subject_of: Callable[[Event], UUID]
    plain_of: Callable[[Event], tuple[Any, ...]]
    personal_of: Callable[[object], tuple[Any, ...]]
    plain: Callable[..., msgspec.Struct]
    sealed: Callable[..., msgspec.Struct]
    sealed_decoder: msgspec.json.Decoder[msgspec.Struct]

    def join(self, event: Event, sealed: msgspec.Struct) -> Event:
        """Return the event with the personal fields that stood in its box."""
        whole: Event = event.__copy__()  # type: ignore[attr-defined] # missing in msgspec's stubs
        for name, value in zip(self.personal, self.personal_of(sealed), strict=True):
            force_setattr(whole, name, value)
        return whole


@cache
def shape_of(event: type[Event]) -> Shape:
    """Return the shape, made once a process.

    Raises RuntimeError when there is nobody whose key could seal.
    """
    personal = personal_fields(event)
    if personal and event.SUBJECT is None:
        raise RuntimeError(f"{event.__name__} has personal fields, but names no SUBJECT")
    fields = msgspec.structs.fields(event)
    # A struct with positional arguments wants what is required first.
    open_fields = sorted(
        (field for field in fields if field.name not in personal), key=lambda f: not f.required
    )
    box = ("sealed_box", bytes | None, msgspec.field(default=None, name="~"))
    plain = msgspec.defstruct(
        f"{event.__name__}Plain", [*map(_again, open_fields), box], omit_defaults=True
    )
    sealed = msgspec.defstruct(
        f"{event.__name__}Sealed",
        [(name, hint, None) for name, hint in personal.items()],
        omit_defaults=True,
    )
    boxed = msgspec.defstruct(
        f"{event.__name__}Boxed",
        [
            ("subject", UUID, msgspec.field(name=event.SUBJECT)),
            ("box", bytes | None, msgspec.field(default=None, name="~")),
        ],
        bases=(Boxed,),
    )
    return Shape(
        type=event,
        tag_name=event.TAG.rsplit(".", 1)[0].encode(),
        decoder=msgspec.json.Decoder(event),
        boxed=msgspec.json.Decoder(boxed),
        personal=tuple(personal),
        subject_of=attrgetter(event.SUBJECT or "TAG"),
        plain_of=_values([field.name for field in open_fields]),
        personal_of=_values(list(personal)),
        plain=plain,
        sealed=sealed,
        sealed_decoder=msgspec.json.Decoder(sealed),
    )


def _again(field: FieldInfo) -> tuple[str, Any, Any]:
    """Return the field as another struct declares it: same name in JSON, same default."""
    given = {"default": field.default, "default_factory": field.default_factory}
    default = {name: value for name, value in given.items() if value is not msgspec.NODEFAULT}
    return field.name, field.type, msgspec.field(name=field.encode_name, **default)


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return attrgetter, but a tuple for one name too."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _: ()
    value = attrgetter(*names)
    return lambda of: (value(of),)
