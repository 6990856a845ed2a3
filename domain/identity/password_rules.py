"""What a password must be; how it is kept is the business of `infra/crypto/passwords.py`."""

from collections.abc import Iterable

from domain.shared.errors import DomainError

MIN_CHARACTERS = 8
MAX_BYTES = 1024
"""Length alone is asked for, no mixture of characters (OWASP ASVS 5.0, 6.2.1 to 6.2.5, 6.2.9)."""
_TELLING = 4  # characters of a context word that make a password guessable


class WeakPasswordError(DomainError):
    """The password is too short, too long, known from breaches, or says whose it is."""

    code = "weak_password"


def check_password(password: str, *, known: bool, context: Iterable[str]) -> None:
    """Refuse a password that is easily guessed. Raises WeakPasswordError.

    `known` tells that it stands in a list of breached ones; `context` are words that an attacker
    tries first: the address' own parts, the product's name (ASVS 5.0, 6.2.11).
    """
    if len(password) < MIN_CHARACTERS:
        raise WeakPasswordError(
            f"the password is too short: use at least {MIN_CHARACTERS} characters, better 15"
        )
    if len(password.encode()) > MAX_BYTES:
        raise WeakPasswordError(f"the password is too long: use at most {MAX_BYTES} bytes")
    if known:
        raise WeakPasswordError(
            "this password is known from breaches and tried first: choose another one"
        )
    if _without_context(password.casefold(), context) < MIN_CHARACTERS // 2:
        raise WeakPasswordError(
            "the password is little more than your address or our name: choose another one"
        )


def _without_context(password: str, context: Iterable[str]) -> int:
    for word in sorted((word.casefold() for word in context), key=len, reverse=True):
        if len(word) >= _TELLING:
            password = password.replace(word, "")
    return len(password)
