"""How fast a campaign goes, how fast it may go, and why it is not faster: in words."""

from collections.abc import Sequence
from datetime import datetime
from math import inf

import msgspec

from domain.delivery.waiting import Place, Why, clock, why_closed

ENDED = frozenset({"completed", "cancelled"})


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at this moment; `relay_rate_per_s` is 0 without a limit."""

    status: str
    rate_per_s: float
    waiting: int
    places: Sequence[Place]
    relay_rate_per_s: float = 0.0
    paused_by: str | None = None
    paused_at: datetime | None = None
    unreached_since: datetime | None = None


def allowed_per_s(pace: Pace) -> float | None:
    """Return the lowest rate that holds for all of it; None without one."""
    rates = {place.rate_per_s for place in pace.places if place.rate_per_s is not None}
    slowest = [max(rates)] if rates else []  # destinations have rates of their own
    if pace.relay_rate_per_s:
        slowest.append(pace.relay_rate_per_s)
    return min(slowest, default=None)


def in_words(pace: Pace) -> Why:
    """Return why it goes as it goes: what stops it, else how fast it is."""
    if pace.status in ENDED:
        return Why(code=pace.status, text=f"the campaign is {pace.status}")
    if pace.status == "paused" and pace.paused_by and pace.paused_at:
        text = f"paused by {pace.paused_by} at {clock(pace.paused_at)}"
        return Why(code="campaign_paused", text=text)
    if pace.unreached_since is not None:
        text = f"the relay is unreachable since {clock(pace.unreached_since)}"
        return Why(code="relay_unreachable", text=text)
    closed = [why_closed(place) for place in pace.places]
    shut = [why for why in closed if why is not None and why.code != "rate_limited"]
    if pace.rate_per_s <= 0:
        return _standing(pace, shut)
    allowed = allowed_per_s(pace)
    text = f"sending at {pace.rate_per_s:.0f}/s" + (f" of {allowed:g}/s allowed" if allowed else "")
    if shut:
        text += f"; {len(shut)} of {len(closed)} destinations wait: {shut[0].text}"
    return Why(code="sending", text=text)


def _standing(pace: Pace, shut: Sequence[Why]) -> Why:
    if shut:
        first = min(shut, key=lambda why: why.until.timestamp() if why.until else inf)
        return msgspec.structs.replace(first, text=f"waiting: {first.text}")
    if pace.waiting:
        return Why(code="waiting", text="waiting: nothing was sent in the last 10 s")
    return Why(code="idle", text="nothing is queued at this moment")
