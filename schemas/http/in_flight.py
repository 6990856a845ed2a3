"""Bounds of what is in flight at once: what is asked, and what holds."""

from typing import Annotated

import msgspec

from domain.delivery.send_rate_events import RateKind
from schemas.http.fields import Request


class NewInFlightBound(Request, frozen=True, kw_only=True):
    """What is bounded: a sending domain, a destination, or a lane `<domain> <destination>`."""

    kind: RateKind
    key: Annotated[str, msgspec.Meta(max_length=300)] = ""
    max_in_flight: Annotated[
        int | None, msgspec.Meta(description="Messages at once, from 1; null lifts the bound.")
    ]


class InFlightBound(msgspec.Struct, frozen=True, kw_only=True):
    """A bound that holds; the lowest of those that a message falls under counts."""

    kind: str
    key: str
    max_in_flight: int
    everybodys: bool


class InFlightBounds(msgspec.Struct, frozen=True, kw_only=True):
    """All that bound the workspace."""

    items: list[InFlightBound]
