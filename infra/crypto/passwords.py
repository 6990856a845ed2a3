"""How passwords are kept: argon2id, a bounded number at once, and which are known from breaches."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from commands.identity.ports import TooManyAttemptsError
from domain.identity.password_rules import MAX_BYTES

R = TypeVar("R")

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
"""The least that OWASP's password storage cheat sheet asks of argon2id: about 40 ms a hash."""
QUEUE = 64
WAIT_S = 10.0
RETRY_AFTER_S = 2.0
FIRST_GUESSES = 1_000_000
MOST_GUESSED = 40
"""Characters; what is longer is not among the first guesses, and estimating it takes long."""


class Argon2Passwords:
    """The port `commands.identity.ports.Passwords`.

    At most `at_once` hashes run, in threads of their own: an allocator keeps what a thread freed,
    so the same work in any thread would keep 19 MiB for each arena. At most 64 more wait, and what
    comes then is told to come back.
    """

    def __init__(self, *, at_once: int, breached: Callable[[str], bool] | None = None) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._queue = BoundedSemaphore(at_once + QUEUE)
        self._breached = breached
        self._nobody = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        """See the port."""
        return self._bounded(lambda: self._hasher.hash(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """See the port."""
        if len(password.encode()) > MAX_BYTES:
            password = ""  # takes as long as any other wrong one
        right = self._bounded(lambda: self._compare(password_hash or self._nobody, password))
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """See the port."""
        return self._hasher.check_needs_rehash(password_hash)

    def known(self, password: str) -> bool:
        """See the port: among the first million that a list with its usual changes tries.

        zxcvbn estimates how many guesses come before it (Wheeler, USENIX Security 2016): its
        30,000 leaked passwords and its words, each with capitals, digits and look-alikes, dates
        and rows of keys. `breached` may ask a larger list, such as an offline copy by digest.
        """
        short = len(password) <= MOST_GUESSED
        first = short and zxcvbn(password)["guesses"] < FIRST_GUESSES
        return first or bool(self._breached and self._breached(password))

    def _compare(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _bounded(self, work: Callable[[], R]) -> R:
        if not self._queue.acquire(blocking=False):
            raise TooManyAttemptsError(
                "too many people sign in right now; try again", retry_after_s=RETRY_AFTER_S
            )
        try:
            running = self._threads.submit(work)
            try:
                return running.result(timeout=WAIT_S)
            except TimeoutError:
                if running.cancel():
                    raise TooManyAttemptsError(
                        "too many people sign in right now; try again", retry_after_s=RETRY_AFTER_S
                    ) from None
                return running.result()  # it has begun meanwhile
        finally:
            self._queue.release()
