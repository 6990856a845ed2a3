"""Sign in by the word of another issuer; our second factor is asked for unless theirs was shown."""

from typing import Protocol
from uuid import UUID

import msgspec

from commands.derived import derived
from commands.identity.begin_session import OpenedSession, Opener, begin_session
from commands.identity.link_account import (
    AccountAddresses,
    LinkAccount,
    LinkedIdentities,
    link_account,
)
from commands.identity.ports import SignInRefusedError
from commands.identity.sign_in import Challenge, Door, ask_second_factor
from commands.ports import EventLog
from domain.shared.context import Context


class VouchedFor(Protocol):
    """Whom another issuer vouches for."""

    @property
    def issuer(self) -> str:
        """The issuer."""

    @property
    def subject(self) -> str:
        """Who it is there."""

    @property
    def verified_address(self) -> str | None:
        """The e-mail address that the issuer has proved, else None."""

    @property
    def second_factor(self) -> bool:
        """Whether the issuer has seen a second factor."""


class SignInElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in elsewhere and wants in here."""

    session_id: UUID
    identity: VouchedFor
    workspace_id: UUID | None = None
    client: str = ""


def sign_in_elsewhere(
    command: SignInElsewhere,
    context: Context,
    log: EventLog,
    door: Door,
    identities: LinkedIdentities,
    addresses: AccountAddresses,
) -> OpenedSession | Challenge:
    """Begin a session of the linked account. Raises NotLinkedError and SignInRefusedError."""
    identity = command.identity
    link = LinkAccount(
        issuer=identity.issuer,
        subject=identity.subject,
        verified_address=identity.verified_address,
    )
    user_id = link_account(link, derived(context, b"link-account"), log, identities, addresses)
    found = door.accounts.by_id(user_id)
    if found is None or found.disabled:
        raise SignInRefusedError("the account may not sign in")
    if found.factor_required and not identity.second_factor:
        return ask_second_factor(found, context, log, door)
    opener = Opener(
        session_id=command.session_id,
        user_id=user_id,
        second_factor=identity.second_factor,
        workspace_id=command.workspace_id,
        client=command.client,
    )
    return begin_session(opener, context, log, door.sessions, door.access)
