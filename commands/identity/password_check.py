"""A password on its way in: checked by the rules, then hashed."""

import re

from commands.identity.ports import Passwords
from domain.identity.password_rules import MAX_BYTES, check_password

OUR_WORDS = ("email", "engine", "emailengine")


def checked_password(password: str, email: str, passwords: Passwords) -> str:
    """Return the hash. Raises WeakPasswordError, and TooManyAttemptsError when hashing is busy."""
    known = len(password.encode()) <= MAX_BYTES and passwords.known(password)
    words = [email, *re.split(r"[^\w]+", email.lower()), *OUR_WORDS]
    check_password(password, known=known, context=words)
    return passwords.hash(password)
