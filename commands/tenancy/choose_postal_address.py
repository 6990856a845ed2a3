"""Choose the postal address that stands in every mail."""

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.tenancy import profile
from domain.tenancy.decider import WORKSPACE


class ChoosePostalAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Another postal address."""

    postal_address: str


def choose_postal_address(command: ChoosePostalAddress, context: Context, log: EventLog) -> int:
    """Record it; the same again changes nothing."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: profile.choose_postal_address(
            workspace, postal_address=command.postal_address
        ),
        context,
    )
