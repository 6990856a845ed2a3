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


class GoneError(DomainError):
    """It was here, and is no more: its time is over, or it was deleted for good."""

    code = "gone"


class PermissionMissingError(DomainError):
    """Whoever asks may ask, but not for all of this."""

    code = "forbidden"
