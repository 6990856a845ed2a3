"""Say what recipients know the company as."""

import msgspec

from commands.ports import EventLog
from domain.shared.context import Context
from domain.tenancy import profile
from domain.tenancy.decider import WORKSPACE


class NameBrand(msgspec.Struct, frozen=True, kw_only=True):
    """A name for recipients."""

    brand_name: str


def name_brand(command: NameBrand, context: Context, log: EventLog) -> int:
    """Record it; the same again changes nothing."""
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: profile.name_brand(workspace, brand_name=command.brand_name),
        context,
    )
