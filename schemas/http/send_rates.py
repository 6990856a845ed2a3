"""Rates of sending: what is asked, and what holds."""

from typing import Annotated
from uuid import UUID

import msgspec

from domain.delivery.send_rate_events import RateKind
from schemas.http.fields import Request

Rate = Annotated[
    float | None, msgspec.Meta(description="Messages a second, from 0.001; null lifts the bound.")
]


class NewSendRate(Request, frozen=True, kw_only=True):
    """What is bounded: a sending domain, a destination, or a lane `<domain> <destination>`."""

    kind: RateKind
    key: Annotated[str, msgspec.Meta(max_length=300)] = ""
    rate_per_s: Rate
    burst: float | None = None


class OperatorSendRate(NewSendRate, frozen=True, kw_only=True):
    """The same for any workspace; without one a destination is bounded for everybody."""

    workspace_id: UUID | None = None


class SendRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that holds; the lowest of those that a message falls under counts."""

    kind: str
    key: str
    rate_per_s: float
    burst: float
    everybodys: bool


class SendRates(msgspec.Struct, frozen=True, kw_only=True):
    """All that bound the workspace."""

    items: list[SendRate]
