"""How often codes of one person may be tried, by all processes together."""

from math import ceil
from uuid import UUID

from commands.ports import RateLimits
from domain.identity.second_factor import TooManyCodesError

AT_ONCE = 10
EVERY_S = 120
"""Three of a million codes are good at a time: 720 tries a day are right by 0.2 %."""


def count_attempt(limits: RateLimits, user_id: UUID) -> None:
    """Count a try before it is looked at. Raises TooManyCodesError."""
    grant = limits.take(f"second-factor:{user_id}", AT_ONCE, 1 / EVERY_S)
    if not grant.allowed:
        raise TooManyCodesError(
            f"too many codes were tried; wait {ceil(grant.retry_after_s)} s",
            retry_after_s=grant.retry_after_s,
        )
