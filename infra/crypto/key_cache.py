"""Unwrapped keys in memory, for a bounded time, in two generations.

Ageing by generations needs no note of the time at each key: a batch of a thousand is one update.
Keys, not ciphers: a cipher is made in a microsecond and takes three kilobytes.
Subjects are the numbers of their ids (`UUID.int`): UUIDs are hashed and compared in Python.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import monotonic
from uuid import UUID

Generation = dict[UUID, dict[int, bytes]]  # workspace -> number of the subject's id -> key


class KeyCache:
    """Remembers a key for at least half of `ttl_s`, never longer than `ttl_s`."""

    def __init__(
        self, *, ttl_s: float, at_most: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._half_s = ttl_s / 2
        self._at_most = at_most // 2
        self._clock = clock
        self._lock = Lock()
        self._young: Generation = {}
        self._old: Generation = {}
        self._begin(clock())

    def find(self, workspace_id: UUID, subjects: Sequence[int]) -> list[bytes | None]:
        """Return the key of each subject in this order; None for one that is not remembered."""
        with self._lock:
            self._age()
            found = list(map(self._young.get(workspace_id, {}).get, subjects))
            old = self._old.get(workspace_id)
            if old and None in found:
                pairs = zip(found, subjects, strict=True)
                found = [key or old.get(subject) for key, subject in pairs]
        return found

    def add(self, workspace_id: UUID, keys: Mapping[int, bytes]) -> None:
        """Remember; when it gets too much the older half is forgotten."""
        with self._lock:
            self._age()
            if self._count + len(keys) > self._at_most:
                self._begin(self._clock())
            self._young.setdefault(workspace_id, {}).update(keys)
            self._count += len(keys)

    def drop(self, workspace_id: UUID, subject: int) -> None:
        """Forget one."""
        with self._lock:
            for generation in (self._young, self._old):
                generation.get(workspace_id, {}).pop(subject, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._young, self._old = {}, {}

    def _age(self) -> None:
        now = self._clock()
        if now - self._born >= 2 * self._half_s:
            self._begin(now)
            self._old = {}
        elif now - self._born >= self._half_s:
            self._begin(self._born + self._half_s)

    def _begin(self, born: float) -> None:
        """Let the young be the old ones; what is added from now on is younger than `born`."""
        self._old, self._young = self._young, {}
        self._count, self._born = 0, born
