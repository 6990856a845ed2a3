"""Which version a change was made from: the `If-Match` header (RFC 9110, 13.1.1)."""

import re
from typing import Annotated

from litestar.params import HeaderParameter

from domain.shared.errors import InvalidInputError, VersionRequiredError

ANY = "*"
_TAG = re.compile(r'"([0-9]{1,9})"')

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=100,
        description='The `ETag` that was read, like `"3"`: another version now is refused with 412 '
        "stale_version. `*` saves over whatever there is. Without it: 428 version_required.",
    ),
]


def expected_version(if_match: str | None) -> int | None:
    """Return the version; None for any. Raises VersionRequiredError, InvalidInputError."""
    if if_match is None:
        raise VersionRequiredError(
            "say which version you change, so that nobody's work is lost: pass the ETag that you "
            "read as If-Match, or * to save over whatever there is"
        )
    if if_match.strip() == ANY:
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidInputError('If-Match takes the ETag as it was read, like "3", or *')
    return int(found[1])
