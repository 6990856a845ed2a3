"""The vocabulary of rates: how many messages a second may be claimed, and for what."""

from enum import StrEnum
from typing import ClassVar

from domain.shared.model import Event


class RateKind(StrEnum):
    """What a rate bounds."""

    WORKSPACE = "workspace"  # all of a workspace; an operator's
    DOMAIN = "domain"  # mail from one sending domain
    DESTINATION = (
        "destination"  # mail to one mailbox provider; in the platform's scope: everybody's
    )
    LANE = "lane"  # mail from one sending domain to one provider


class SendRateSet(Event, frozen=True):
    """From now on at most so many a second, and at most `burst` at once."""

    TAG: ClassVar[str] = "delivery.send_rate_set.v1"
    kind: RateKind
    key: str
    rate_per_s: float
    burst: float


class SendRateLifted(Event, frozen=True):
    """This bounds nothing any more."""

    TAG: ClassVar[str] = "delivery.send_rate_lifted.v1"
    kind: RateKind
    key: str


class InFlightBounded(Event, frozen=True):
    """From now on at most so many messages are in flight at once; None: as many as there are."""

    TAG: ClassVar[str] = "delivery.in_flight_bounded.v1"
    kind: RateKind
    key: str
    max_in_flight: int | None


SendRateEvent = SendRateSet | SendRateLifted | InFlightBounded
EVENTS: tuple[type[Event], ...] = (SendRateSet, SendRateLifted, InFlightBounded)
