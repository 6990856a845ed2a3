"""The vocabulary of people who sign in; all of it has the platform's scope."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event
from domain.shared.personal import Personal


class SecondFactorEnrolled(Event, frozen=True):
    """A secret was shown to the person; it counts once a code of it was entered."""

    TAG: ClassVar[str] = "identity.second_factor_enrolled.v1"
    SUBJECT: ClassVar[str] = "user_id"
    user_id: UUID
    secret: Personal[str | None] = None


class SecondFactorConfirmed(Event, frozen=True):
    """From now on a sign-in needs a code. `recovery_codes` are keyed digests, in hex."""

    TAG: ClassVar[str] = "identity.second_factor_confirmed.v1"
    user_id: UUID
    recovery_codes: tuple[str, ...]


class RecoveryCodeUsed(Event, frozen=True):
    """The person signed in, or proved themselves, without the device."""

    TAG: ClassVar[str] = "identity.recovery_code_used.v1"
    user_id: UUID
    recovery_code: str


class RecoveryCodesRenewed(Event, frozen=True):
    """New codes were shown; the old ones are worth nothing."""

    TAG: ClassVar[str] = "identity.recovery_codes_renewed.v1"
    user_id: UUID
    recovery_codes: tuple[str, ...]


class SecondFactorRemoved(Event, frozen=True):
    """A sign-in needs no code any more."""

    TAG: ClassVar[str] = "identity.second_factor_removed.v1"
    user_id: UUID


class AccountLinked(Event, frozen=True):
    """Somebody else may vouch for the person: an issuer, who knows them by `subject`."""

    TAG: ClassVar[str] = "identity.account_linked.v1"
    SUBJECT: ClassVar[str] = "user_id"
    user_id: UUID
    issuer: str
    subject: Personal[str | None] = None


SecondFactorEvent = (
    SecondFactorEnrolled
    | SecondFactorConfirmed
    | RecoveryCodeUsed
    | RecoveryCodesRenewed
    | SecondFactorRemoved
)
EVENTS: tuple[type[Event], ...] = (
    AccountLinked,
    SecondFactorEnrolled,
    SecondFactorConfirmed,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    SecondFactorRemoved,
)
