"""Suppressing an address and lifting it, as the API takes it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from schemas.http.fields import Request

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Note = Annotated[
    str, msgspec.Meta(max_length=300, description="It names no address: it is kept for ever.")
]
Given = Literal["hard_bounce", "complaint", "manual", "unsubscribed"]
Lifted = Literal["hard_bounce", "soft_bounces", "complaint", "manual", "unsubscribed"]


class NewSuppression(Request, frozen=True, kw_only=True):
    """An address that gets no mail, whether it is a contact's or nobody's yet."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    reason: Given = "manual"
    note: Note = ""
    expires_at: Annotated[
        Instant | None,
        msgspec.Meta(description="For ever, when it is left out; complaints have no end."),
    ] = None

    def __repr__(self) -> str:
        """Show no address."""
        return f"NewSuppression({self.reason!r})"


class LiftedSuppression(Request, frozen=True, kw_only=True):
    """Which reason is lifted, and why."""

    reason: Lifted
    note: Note
    acknowledged: Annotated[
        bool,
        msgspec.Meta(description="A complaint is lifted only at the person's own wish."),
    ] = False
