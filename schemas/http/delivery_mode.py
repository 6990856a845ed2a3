"""What happens to a campaign's message when nobody can know whether it went out."""

import msgspec

from domain.delivery.delivery_mode_events import DeliveryMode
from schemas.http.fields import Request


class NewDeliveryMode(Request, frozen=True, kw_only=True):
    """The workspace's choice; null follows the installation."""

    bulk: DeliveryMode | None


class DeliveryModes(msgspec.Struct, frozen=True, kw_only=True):
    """What holds: `chosen` for the workspace, else `installation`. System mail: at least once."""

    bulk: DeliveryMode
    chosen: DeliveryMode | None
    installation: DeliveryMode
    transactional: DeliveryMode = DeliveryMode.AT_LEAST_ONCE
