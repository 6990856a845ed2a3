"""Refusals of the domain: each has a stable code, and says what was wrong and what to do."""

from typing import ClassVar


class DomainError(Exception):
    """A request that the rules refuse. The edge maps `code` to an HTTP status."""

    code: ClassVar[str] = "refused"


class NotFoundError(DomainError):
    """The thing does not exist in this workspace (or belongs to another one: same answer)."""

    code = "not_found"


class IllegalTransitionError(DomainError):
    """The thing is in a state that does not allow this."""

    code = "illegal_transition"


class InvalidInputError(DomainError):
    """The request is well-formed, but its content breaks a rule named in the message."""

    code = "invalid_input"


class ConcurrentChangeError(DomainError):
    """The stream changed under us more often than the bounded number of re-decisions."""

    code = "concurrent_change"


class StaleVersionError(DomainError):
    """Somebody saved another version since the one that this change was made from."""

    code = "stale_version"


class VersionRequiredError(DomainError):
    """The request must say which version it changes, so that no work is lost unseen."""

    code = "version_required"


class GoneError(DomainError):
    """It was here, and is no more: its time is over, or it was deleted for good."""

    code = "gone"


class SecretShownError(DomainError):
    """A secret is shown once: the same request again cannot show it."""

    code = "secret_shown"


class RetryLaterError(DomainError):
    """Too much of this was asked for lately; `retry_after_s` says when to come back."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PermissionMissingError(DomainError):
    """Whoever asks may ask, but not for all of this."""

    code = "forbidden"
