"""The keys of somebody who issues tokens, fetched seldom however often they are asked for (AU-12).

Known keys answer from memory. A key that is not known, or a set that has grown old, starts a
fetch: one at a time, never sooner than `min_interval_s` after the last, so that tokens with made
up key ids cannot make us hammer the issuer. Whoever starts it, and at most `WAITERS` others, wait
`patience_s` for it; nobody else does, so a slow issuer cannot take all threads of the process. When
the issuer is down, known keys stay good for `stale_s`.
"""

from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from time import monotonic
from typing import NamedTuple

import structlog

from infra.egress.client import EgressFailedError, EgressRefusedError
from infra.oidc.key_set import KeySetError, VerifyingKey, read_key_set

log = structlog.get_logger()

TTL_S = 300.0
MIN_INTERVAL_S = 30.0
STALE_S = 3600.0
PATIENCE_S = 2.0
WAITERS = 3
MAX_KEY_ID_CHARACTERS = 256


class KeysUnavailableError(Exception):
    """No key is known that could be trusted now; the issuer cannot be reached."""


UNREACHABLE = (EgressFailedError, EgressRefusedError, KeysUnavailableError)


class Limits(NamedTuple):
    """How long a set is fresh, how seldom it is fetched, how long it is good, how long we wait."""

    ttl_s: float = TTL_S
    min_interval_s: float = MIN_INTERVAL_S
    stale_s: float = STALE_S
    patience_s: float = PATIENCE_S


class JwksCache:
    """The key set at one address; safe for threads."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        *,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._fetch = fetch
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, VerifyingKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._under_way: Event | None = None
        self._waiting = 0

    def key(self, key_id: str) -> VerifyingKey | None:
        """Return the issuer's key of this id; None when the issuer has none.

        Raises KeysUnavailableError while there is no set that is fresh enough.
        """
        if len(key_id) > MAX_KEY_ID_CHARACTERS:
            return None
        with self._lock:
            known, wait_for = self._look(key_id)
        if wait_for is not None:
            wait_for.wait(self._limits.patience_s)
            with self._lock:
                self._waiting -= 1
                known = self._usable().get(key_id)
        if known is None and not self._usable():
            raise KeysUnavailableError("the issuer's keys cannot be fetched")
        return known

    def _look(self, key_id: str) -> tuple[VerifyingKey | None, Event | None]:
        """Return the key as known now, and what to wait for before that is the answer."""
        known = self._usable().get(key_id)
        age_s = None if self._fetched_at is None else self._clock() - self._fetched_at
        old = age_s is None or age_s > self._limits.ttl_s
        if known is not None and not old:
            return known, None
        started = self._start()
        may_wait = started or (known is None and self._waiting <= WAITERS)
        if self._under_way is None or not may_wait:
            return known, None
        self._waiting += 1
        return known, self._under_way

    def _usable(self) -> Mapping[str, VerifyingKey]:
        if self._fetched_at is None or self._clock() - self._fetched_at > self._limits.stale_s:
            return {}
        return self._keys

    def _start(self) -> bool:
        """Begin a fetch, unless one is under way or the last one is too near."""
        now = self._clock()
        near = self._tried_at is not None and now - self._tried_at < self._limits.min_interval_s
        if self._under_way is not None or near:
            return False
        self._tried_at, self._under_way = now, Event()
        Thread(target=self._refresh, args=(self._under_way,), daemon=True, name="jwks").start()
        return True

    def _refresh(self, done: Event) -> None:
        keys = None
        try:
            keys = read_key_set(self._fetch())
        except (*UNREACHABLE, KeySetError) as error:
            log.warning("key_set_not_fetched", reason=str(error))
        finally:
            with self._lock:
                if keys is not None:
                    self._keys, self._fetched_at = keys, self._clock()
                self._under_way = None
            done.set()
