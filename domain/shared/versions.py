"""Optimistic concurrency: whoever changes a thing says which version of it they saw."""

from domain.shared.errors import StaleVersionError


def require_version(what: str, version: int, expected: int | None) -> None:
    """Refuse a change of another version than `expected`; None takes whatever there is.

    Raises StaleVersionError.
    """
    if expected is not None and expected != version:
        raise StaleVersionError(
            f"the {what} was saved by somebody else meanwhile: it is at version {version}, this "
            f"change was made from version {expected}; read it again and repeat the change on it"
        )
