"""Why a message that is queued is not on its way yet: what the claim would say, in words."""

from datetime import datetime, timedelta

import msgspec

HOUR = timedelta(hours=1)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the claim asks about a campaign and one destination, at the instant `now`.

    `switch` is the scope of a kill switch that is on, with its reason. `hour_cap` is None without
    warm-up. `tokens` are those of the emptiest bucket, None without a rate.
    """

    now: datetime
    gate: str
    send_at: datetime
    destination: str
    switch: str | None = None
    switch_reason: str | None = None
    lane_state: str | None = None
    lane_reason: str | None = None
    blocked_until: datetime | None = None
    probes_left: int | None = None
    hour_cap: int | None = None
    hour_used: int | None = None
    hour_began: datetime | None = None
    tokens: float | None = None
    rate_per_s: float | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A stable code, the same in words, and until when, where that is known."""

    code: str
    text: str
    until: datetime | None = None


def why_closed(place: Place) -> Why | None:
    """Return what keeps every message to this destination from being sent; None when nothing."""
    return _by_hand(place) or _by_lane(place) or _by_pace(place)


def clock(at: datetime) -> str:
    """Write an instant for people; UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _by_hand(place: Place) -> Why | None:
    if place.switch is not None:
        of = "the installation" if place.switch == "global" else f"the {place.switch}"
        text = f"stopped by the kill switch of {of}: {place.switch_reason}"
        return Why(code="stopped_by_kill_switch", text=text)
    match place.gate:
        case "open":
            return None
        case "scheduled":
            text = f"the campaign is scheduled for {clock(place.send_at)}"
            return Why(code="scheduled", text=text, until=place.send_at)
        case "paused":
            return Why(code="campaign_paused", text="the campaign is paused: resume it")
        case "cancelled":
            text = "the campaign was cancelled: what is queued will be skipped"
            return Why(code="campaign_cancelled", text=text)
        case _:
            return Why(code="campaign_closed", text="the campaign has ended")


def _by_lane(place: Place) -> Why | None:
    lane = f"the lane to {place.destination}"
    because = f": {place.lane_reason}" if place.lane_reason else ""
    if place.lane_state == "blocked":
        until = place.blocked_until
        text = f"{lane} is blocked{because}; " + (
            f"it is tried again at {clock(until)}" if until else "somebody has to open it"
        )
        return Why(code="lane_blocked", text=text, until=until)
    if place.lane_state == "probing" and not place.probes_left:
        text = f"{lane} is being probed{because}; it opens when the probes are answered well"
        return Why(code="lane_probing", text=text)
    cap, began = place.hour_cap, place.hour_began
    if cap is None or began is None or began + HOUR <= place.now:
        return None
    used = place.hour_used or 0
    if used < cap:
        return None
    text = f"{lane} is in warm-up, {used} of {cap} used this hour, next at {clock(began + HOUR)}"
    return Why(code="warm_up_cap", text=text, until=began + HOUR)


def _by_pace(place: Place) -> Why | None:
    if place.tokens is not None and place.tokens < 1 and place.rate_per_s is not None:
        text = f"the rate of {place.rate_per_s:g}/s is used up at this moment"
        return Why(code="rate_limited", text=text)
    return None
