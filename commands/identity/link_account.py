"""Find the account of somebody whom another issuer vouches for; link it at first sight."""

from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect, EventLog
from domain.identity.events import AccountLinked
from domain.identity.linked_identity import (
    LINKED_IDENTITY,
    KnownAccount,
    LinkedIdentity,
    link,
)
from domain.shared.context import Context


class LinkAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer's word; `verified_address` is None unless the issuer has proved it."""

    issuer: str
    subject: str
    verified_address: str | None

    def __repr__(self) -> str:
        """Show neither the subject nor the address."""
        return f"LinkAccount({self.issuer})"


class LinkedIdentities(Protocol):
    """Which account an identity elsewhere is."""

    def stream_id(self, issuer: str, subject: str) -> UUID:
        """Return the id of the identity's stream, which says neither issuer nor subject."""

    def add(self, user_id: UUID, *, issuer: str, subject: str) -> Effect:
        """Return the effect that lets the identity be found."""


class AccountAddresses(Protocol):
    """Which account has an address."""

    def at(self, address: str) -> KnownAccount | None:
        """Return the account at an address, in any spelling of it; None when nobody has it."""


def link_account(
    command: LinkAccount,
    context: Context,
    log: EventLog,
    identities: LinkedIdentities,
    accounts: AccountAddresses,
) -> UUID:
    """Return whose account it is. Raises NotLinkedError."""
    address = command.verified_address
    stream_id = identities.stream_id(command.issuer, command.subject)
    known = log.state(LINKED_IDENTITY, stream_id, context).user_id
    if known is not None:
        return known
    account = accounts.at(address) if address else None
    owners: list[UUID] = []

    def decide(identity: LinkedIdentity) -> list[AccountLinked]:
        events = link(
            identity,
            issuer=command.issuer,
            subject=command.subject,
            address_verified=address is not None,
            account=account,
        )
        owners.append(identity.user_id or events[0].user_id)
        return events

    log.decide(
        LINKED_IDENTITY,
        stream_id,
        decide,
        context,
        effects=lambda events: [
            identities.add(event.user_id, issuer=command.issuer, subject=command.subject)
            for event in events
        ],
    )
    return owners[-1]
