"""Field types of requests and answers: bounded text and shared shapes."""

import unicodedata
from typing import Annotated

import msgspec

Line = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=300,
        # The look-ahead is there because `$` alone also matches before a final line end.
        pattern="^[^\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]*$(?!\\n)",
        description="One line of text without control or bidirectional override characters.",
    ),
]
MaybeLine = Annotated[
    str,
    msgspec.Meta(
        max_length=300,
        pattern="^[^\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]*$(?!\\n)",
        description="One line of text without control or bidirectional override characters, "
        "or nothing.",
    ),
]
Html = Annotated[
    str, msgspec.Meta(min_length=1, max_length=512 * 1024, description="An HTML document.")
]
NextCursor = Annotated[
    str | None,
    msgspec.Meta(description="Pass as `cursor` to get the next page; null on the last one."),
]
Position = Annotated[
    int,
    msgspec.Meta(ge=0, description="Log position; pass as `after` to read your own write."),
]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of request bodies: a field that is not declared is refused, text is taken in NFC.

    Two spellings that look the same are one (Unicode Standard Annex 15). Passwords stay as they
    were typed, so that no change of Unicode locks anybody out.
    """

    def __post_init__(self) -> None:
        """Bring the text of all fields but passwords into NFC."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not (name in EXACT or (isinstance(value, str) and value.isascii())):
                composed = _composed(value)
                if composed is not value:
                    msgspec.structs.force_setattr(self, name, composed)


EXACT = frozenset({"password", "current_password", "new_password"})


def _composed(value: object) -> object:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list() | tuple() | set() | frozenset():
            return type(value)(_composed(item) for item in value)
        case dict():
            return {_composed(key): _composed(item) for key, item in value.items()}
        case _:
            return value
