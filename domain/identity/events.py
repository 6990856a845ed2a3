"""The vocabulary of accounts and sessions; all of it stands in the platform's scope."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event
from domain.shared.personal import Personal


class PasswordChange(StrEnum):
    """How a password came to be another one."""

    CHANGED = "changed"
    RESET = "reset"
    SET_BY_OPERATOR = "set_by_operator"


class SessionEnd(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    EVERYWHERE = "everywhere"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 a reason
    TOKEN_REUSED = "token_reused"  # noqa: S105 a reason
    ACCOUNT_CLOSED = "account_closed"
    FACTOR_ADDED = "factor_added"


class AccountRegistered(Event, frozen=True):
    """Somebody made an account; the address is theirs only once it is verified."""

    TAG: ClassVar[str] = "identity.account_registered.v1"
    SUBJECT: ClassVar[str | None] = "user_id"
    user_id: UUID
    email: Personal[str | None] = None


class AddressVerified(Event, frozen=True):
    """Whoever has the account reads the mail of its address."""

    TAG: ClassVar[str] = "identity.address_verified.v1"
    user_id: UUID


class VerificationRequested(Event, frozen=True):
    """A mail goes out that lets the address be verified."""

    TAG: ClassVar[str] = "identity.verification_requested.v1"
    user_id: UUID


class RegistrationRepeated(Event, frozen=True):
    """Somebody tried to register an address that has an account; its owner is told by mail."""

    TAG: ClassVar[str] = "identity.registration_repeated.v1"
    user_id: UUID


class SecondFactorAsked(Event, frozen=True):
    """The password was right, and the second factor is asked for."""

    TAG: ClassVar[str] = "identity.second_factor_asked.v1"
    user_id: UUID


class PasswordResetRequested(Event, frozen=True):
    """A mail goes out that lets the password be set anew."""

    TAG: ClassVar[str] = "identity.password_reset_requested.v1"
    user_id: UUID


class PasswordChanged(Event, frozen=True):
    """The password is another one from now on; nothing of it stands in the log."""

    TAG: ClassVar[str] = "identity.password_changed.v1"
    user_id: UUID
    how: PasswordChange


class AccountDisabled(Event, frozen=True):
    """The account may not sign in until it is enabled again."""

    TAG: ClassVar[str] = "identity.account_disabled.v1"
    user_id: UUID
    reason: str


class AccountEnabled(Event, frozen=True):
    """The account may sign in again."""

    TAG: ClassVar[str] = "identity.account_enabled.v1"
    user_id: UUID


class AccountDeleted(Event, frozen=True):
    """The person left: their key is destroyed, and with it every address of theirs in the log."""

    TAG: ClassVar[str] = "identity.account_deleted.v1"
    user_id: UUID


class SessionBegan(Event, frozen=True):
    """Somebody signed in. `client` is a browser and system by name, never the whole header."""

    TAG: ClassVar[str] = "identity.session_began.v1"
    user_id: UUID
    session_id: UUID
    second_factor: bool = False
    client: str = ""


class SessionEnded(Event, frozen=True):
    """Nobody can use this session any more."""

    TAG: ClassVar[str] = "identity.session_ended.v1"
    user_id: UUID
    session_id: UUID
    reason: SessionEnd


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


AccountEvent = (
    AccountRegistered
    | AddressVerified
    | VerificationRequested
    | RegistrationRepeated
    | SecondFactorAsked
    | PasswordResetRequested
    | PasswordChanged
    | AccountDisabled
    | AccountEnabled
    | AccountDeleted
)
SessionEvent = SessionBegan | SessionEnded
SecondFactorEvent = (
    SecondFactorEnrolled
    | SecondFactorConfirmed
    | RecoveryCodeUsed
    | RecoveryCodesRenewed
    | SecondFactorRemoved
)
EVENTS: tuple[type[Event], ...] = (
    AccountLinked,
    AccountRegistered,
    AddressVerified,
    VerificationRequested,
    RegistrationRepeated,
    SecondFactorAsked,
    PasswordResetRequested,
    PasswordChanged,
    AccountDisabled,
    AccountEnabled,
    AccountDeleted,
    SessionBegan,
    SessionEnded,
    SecondFactorEnrolled,
    SecondFactorConfirmed,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    SecondFactorRemoved,
)
