"""Choose by which clock a workspace thinks."""

import zoneinfo

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError
from domain.tenancy import profile
from domain.tenancy.decider import WORKSPACE


class ChooseTimeZone(msgspec.Struct, frozen=True, kw_only=True):
    """An IANA name such as Europe/Berlin."""

    time_zone: str


def choose_time_zone(command: ChooseTimeZone, context: Context, log: EventLog) -> int:
    """Record it. Raises InvalidInputError for a zone that nobody knows."""
    zone = known_time_zone(command.time_zone)
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: profile.choose_time_zone(workspace, time_zone=zone),
        context,
    )


def known_time_zone(name: str) -> str:
    """Return the name of a zone. Raises InvalidInputError for one that nobody knows."""
    if name not in zoneinfo.available_timezones():
        raise InvalidInputError("`time_zone` is unknown: use an IANA name such as Europe/Berlin")
    return name
