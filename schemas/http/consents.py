"""What a contact agreed to, and took back, as the API takes and shows it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, NextCursor, Request

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class NewConsent(Request, frozen=True, kw_only=True):
    """Where the person agreed, to which words, and when. Put no personal data into it: it stays
    as a proof when the person is erased.
    """  # noqa: D205 - one thought

    source: Line
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    given_at: Annotated[Instant | None, msgspec.Meta(description="Now, when it is left out.")] = (
        None
    )


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was agreed to or taken back; it stays when the person is erased."""

    kind: Annotated[str, msgspec.Meta(description="given, withdrawn or suppressed")]
    source: Annotated[
        str,
        msgspec.Meta(
            description="Where: a declared source; `import`; of a withdrawal the channel "
            "(one_click, page, api); of a suppression its reason."
        ),
    ]
    text: Annotated[str, msgspec.Meta(description="The words; empty when none were declared.")]
    campaign_id: Annotated[
        UUID | None, msgspec.Meta(description="Whose mail led to the withdrawal.")
    ]
    import_id: Annotated[UUID | None, msgspec.Meta(description="The file it came with.")]
    happened_at: datetime
    recorded_at: datetime
    actor: Annotated[str, msgspec.Meta(description="By whose word: contact:<id>, token:<id>, ...")]
    ip: Annotated[str | None, msgspec.Meta(description="Truncated to /24 (IPv4) or /48 (IPv6).")]


class ConsentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a contact's consent history, newest first."""

    items: list[Consent]
    next: NextCursor
