"""Field types of requests and answers: bounded text and shared shapes."""

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
    """Base of request bodies: a field that is not declared is refused."""
