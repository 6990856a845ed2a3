"""The vocabulary of delivery modes: what a workspace chose for its campaigns."""

from enum import StrEnum
from typing import ClassVar

from domain.shared.model import Event


class DeliveryMode(StrEnum):
    """How often a message goes out when nobody can know whether it did."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


class DeliveryModeChosen(Event, frozen=True):
    """From now on this holds for campaigns, also for what is in doubt already; None: as set up."""

    TAG: ClassVar[str] = "delivery.delivery_mode_chosen.v1"
    bulk: DeliveryMode | None


EVENTS: tuple[type[Event], ...] = (DeliveryModeChosen,)
