"""Choose as whom a workspace sends."""

import msgspec

from commands.ports import EventLog
from domain.contacts.email_address import AddressChecker, ValidAddress
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError
from domain.tenancy import profile
from domain.tenancy.decider import WORKSPACE


class ChooseSender(msgspec.Struct, frozen=True, kw_only=True):
    """From name and From address of its mail."""

    sender_name: str
    sender_address: str


def choose_sender(
    command: ChooseSender, context: Context, log: EventLog, addresses: AddressChecker
) -> int:
    """Record it. Raises InvalidInputError for what is no address."""
    sender_address = valid_address(command.sender_address, addresses)
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: profile.choose_sender(
            workspace, sender_name=command.sender_name, sender_address=sender_address
        ),
        context,
    )


def valid_address(text: str, addresses: AddressChecker) -> str:
    """Return the address as it is mailed to. Raises InvalidInputError saying what to repair."""
    checked = addresses.check(text.strip())
    if not isinstance(checked, ValidAddress):
        raise InvalidInputError(f"this is no e-mail address: {checked.reason}")
    return checked.address
