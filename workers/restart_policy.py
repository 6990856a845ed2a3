"""How patiently the supervisor starts a child that dies again."""

from msgspec import Struct


class RestartPolicy(Struct, frozen=True, kw_only=True):
    """How patiently a child that dies is started again.

    A death is quick when the child lived less than `quick_s`; after `quick_deaths` in a row the
    whole engine stops. The wait doubles from `first_wait_s` to `longest_wait_s`, with jitter.
    """

    quick_s: float = 10
    quick_deaths: int = 6
    first_wait_s: float = 0.2
    longest_wait_s: float = 10

    def wait_s(self, *, deaths: int, jitter: float) -> float:
        """Return the wait before the next start; `jitter` lies between 0 and 1."""
        full = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(deaths - 1, 30))
        return full * (0.5 + jitter / 2)
