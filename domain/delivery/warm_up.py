"""Warm-up: how much a new sending domain may send to a destination in an hour, and when more.

Every mailbox provider learns a new sender by itself, and takes little from strangers: so the curve
is one lane's. It starts at 50 an hour and doubles with each day of real sending that went well.
"""

from datetime import datetime, timedelta

import msgspec

from domain.delivery.lane import ALL, Lane, Place, Standing, WarmUp, about, require_reason
from domain.delivery.lane_events import (
    Evidence,
    LaneEvent,
    WarmUpAdvanced,
    WarmUpCompleted,
    WarmUpHeld,
    WarmUpSkipped,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.delivery.reputation import Kind, Tally

STEPS = (50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600)
"""Messages an hour, a step a day; after the last one there is no cap."""
DAY = timedelta(days=1)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a day must show before the next step: real use, and a destination that is content."""

    well_used: float = 0.8  # of an hour's allowance
    hours: int = 4  # that were well used
    bounced: float = 0.05  # at most, of what was taken or refused for good
    complained: float = 0.001
    put_off: float = 0.15  # at most, of all answers


WANTED = Wanted()


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane did since the step began, or since it was last held."""

    tally: Tally
    full_hours: int  # in which at least `well_used` of the allowance was sent


def full_at(step: int, *, wanted: Wanted = WANTED) -> int:
    """Return from how many messages on an hour of this step is a well used one."""
    return int(STEPS[step] * wanted.well_used)


def due_at(began: datetime) -> datetime:
    """Return when the day is over that began then."""
    return began + DAY


def unmet(day: Day, *, step: int, wanted: Wanted = WANTED) -> list[str]:
    """Return in words what the day lacks for the next step; nothing when it was good."""
    tally = day.tally
    needs = []
    if day.full_hours < wanted.hours:
        needs.append(
            f"{wanted.hours} hours in which at least {full_at(step, wanted=wanted)} messages are"
            f" sent; there are {day.full_hours}"
        )
    limits = (
        ("bounced", tally.of(Kind.BOUNCED), tally.delivered, wanted.bounced),
        ("complained of", tally.of(Kind.COMPLAINED), tally.delivered, wanted.complained),
        ("put off", tally.of(Kind.SLOWED, Kind.DEFERRED), tally.answered, wanted.put_off),
    )
    needs += [
        f"at most {limit:.1%} of messages {what}; it is {bad} of {of}"
        for what, bad, of, limit in limits
        if bad > limit * of
    ]
    return needs


def ripen(lane: Lane, place: Place, day: Day, *, now: datetime) -> list[LaneEvent]:
    """Decide at the end of a warm-up's day: the next step, the end, or the same step again."""
    if lane.warm_up is not WarmUp.RUNNING or lane.standing is not Standing.OPEN:
        return []
    if lane.day_began is None or now < due_at(lane.day_began):
        return []
    evidence = day.tally.evidence(window_s=int((now - lane.day_began).total_seconds()))
    if needs := unmet(day, step=lane.step):
        reason = "the next step needs " + "; and ".join(needs)
        return [WarmUpHeld(**about(place, now), reason=reason, evidence=evidence)]
    reason = f"{day.full_hours} hours were well used, bounces, complaints and deferrals were few"
    step = lane.step + 1
    if step == len(STEPS):
        return [WarmUpCompleted(**about(place, now), reason=reason, evidence=evidence)]
    return [
        WarmUpAdvanced(
            **about(place, now), reason=reason, step=step, per_hour=STEPS[step], evidence=evidence
        )
    ]


def step_back(
    lane: Lane, place: Place, why: str, evidence: Evidence, *, now: datetime
) -> list[LaneEvent]:
    """Begin the step before again; decided with whatever stopped the lane or warned of it."""
    if lane.warm_up is not WarmUp.RUNNING or place.destination == ALL:
        return []  # a domain's warm-up is that of its lanes
    step = max(lane.step - 1, 0)
    back = WarmUpSteppedBack(
        **about(place, now), reason=why, step=step, per_hour=STEPS[step], evidence=evidence
    )
    return [back]


def begin_warm_up(lane: Lane, place: Place, *, reason: str, now: datetime) -> list[LaneEvent]:
    """Start the curve of a lane that never had one. Says nothing of any other."""
    if lane.warm_up is not WarmUp.NONE:
        return []
    return [WarmUpStarted(**about(place, now), reason=reason, per_hour=STEPS[0])]


def restart_warm_up(place: Place, *, reason: str, now: datetime) -> list[LaneEvent]:
    """Start the curve from its beginning, wherever the lane is on it."""
    require_reason(reason)
    return [WarmUpStarted(**about(place, now), reason=reason, per_hour=STEPS[0])]


def skip_warm_up(lane: Lane, place: Place, *, reason: str, now: datetime) -> list[LaneEvent]:
    """Lift the cap because somebody says that the lane is warm."""
    require_reason(reason)
    if lane.warm_up is WarmUp.SKIPPED:
        return []
    return [WarmUpSkipped(**about(place, now), reason=reason)]


def is_wanted(*wider: Lane, by_default: bool) -> bool:
    """Tell whether a new lane is warmed up: what was last said of the narrowest that was named."""
    said = [one.warm_up for one in wider if one.warm_up is not WarmUp.NONE]
    return said[0] is WarmUp.RUNNING if said else by_default
