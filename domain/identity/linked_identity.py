"""Who somebody is elsewhere, and which account that is: decided once, and for ever.

An issuer's word about an address links only to an account whose own address is verified too.
Else somebody could register a stranger's address here first, and wait for the stranger to sign in
at the issuer into an account that both know a way into.
"""

from uuid import UUID

import msgspec

from domain.identity.events import AccountLinked
from domain.shared.errors import DomainError
from domain.shared.model import StreamModel


class NotLinkedError(DomainError):
    """Nobody here is known by this identity, and nothing proves who it is."""

    code = "not_linked"


class LinkedIdentity(msgspec.Struct, frozen=True):
    """Whose account it is; None while it is nobody's."""

    user_id: UUID | None = None


class KnownAccount(msgspec.Struct, frozen=True):
    """The account at an address, and whether its owner proved that it is theirs."""

    user_id: UUID
    address_verified: bool


def link(
    identity: LinkedIdentity,
    *,
    issuer: str,
    subject: str,
    address_verified: bool,
    account: KnownAccount | None,
) -> list[AccountLinked]:
    """Link an identity to the account at its address; says nothing when it is linked.

    Raises NotLinkedError, with what the person can do about it.
    """
    if identity.user_id is not None:
        return []
    if not address_verified:
        raise NotLinkedError("the other side does not say that your e-mail address is verified")
    if account is None:
        raise NotLinkedError("there is no account at your e-mail address: register first")
    if not account.address_verified:
        raise NotLinkedError("verify the e-mail address of your account here, then sign in again")
    return [AccountLinked(user_id=account.user_id, issuer=issuer, subject=subject)]


def evolve(_: LinkedIdentity, event: AccountLinked) -> LinkedIdentity:
    """Fold one fact."""
    return LinkedIdentity(user_id=event.user_id)


LINKED_IDENTITY: StreamModel[LinkedIdentity, AccountLinked] = StreamModel(
    name="linked_identity", initial=LinkedIdentity(), evolve=evolve
)
