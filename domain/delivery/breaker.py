"""The breaker of a lane: open, blocked with a cool-down, probing, open again.

Whoever looks passes what was counted (`Window`) and the time. A decision that does not hold any
more says nothing, so that it may be asked again at any moment, by anybody.
"""

from datetime import datetime, timedelta

from domain.delivery.lane import Lane, Place, Standing, about
from domain.delivery.lane_events import (
    LaneBlocked,
    LaneEvent,
    LaneOpened,
    LaneProbesGranted,
    LaneWarned,
)
from domain.delivery.reputation import Window
from domain.delivery.reputation_rules import BAD_PROBES, DAY_S, RULES, Finding, Rules, find
from domain.delivery.warm_up import step_back


def look(
    lane: Lane, place: Place, window: Window, *, left: int, now: datetime, rules: Rules = RULES
) -> list[LaneEvent]:
    """Decide what follows from what was counted; `left` is how many probes are not taken yet.

    A window of another era is not looked at: it was counted before the lane last began anew.
    """
    if lane.standing is Standing.BLOCKED:
        return _probe(lane, place, now=now, rules=rules)
    if window.era != lane.era:
        return []
    if lane.standing is Standing.PROBING:
        return _conclude(lane, place, window, left=left, now=now, rules=rules)
    found = find(window, scope=place.scope, rules=rules)
    if found is None:
        return []
    if found.stops:
        return _block(lane, place, found, now=now, rules=rules)
    return _warn(lane, place, found, now=now)


def _warn(lane: Lane, place: Place, found: Finding, *, now: datetime) -> list[LaneEvent]:
    if lane.warned_at is not None and now - lane.warned_at < timedelta(seconds=DAY_S):
        return []
    warned = LaneWarned(
        **about(place, now), cause=found.cause, reason=found.reason, evidence=found.evidence
    )
    return [warned, *step_back(lane, place, found.reason, found.evidence, now=now)]


def _block(
    lane: Lane, place: Place, found: Finding, *, now: datetime, rules: Rules
) -> list[LaneEvent]:
    forgiven = timedelta(seconds=rules.forgiven_after_s)
    trips = 1
    if lane.trips and lane.since is not None and now - lane.since < forgiven:
        trips = lane.trips + 1
    blocked = LaneBlocked(
        **about(place, now),
        cause=found.cause,
        reason=found.reason,
        evidence=found.evidence,
        trips=trips,
        until=now + rules.cool_downs[found.cause].lasts(trips),
    )
    return [blocked, *step_back(lane, place, found.reason, found.evidence, now=now)]


def _probe(lane: Lane, place: Place, *, now: datetime, rules: Rules) -> list[LaneEvent]:
    if lane.until is None or now < lane.until:
        return []
    return [_grant(lane, place, "the cool-down is over", now=now, rules=rules)]


def _grant(lane: Lane, place: Place, why: str, *, now: datetime, rules: Rules) -> LaneProbesGranted:
    probes = rules.cool_downs[lane.cause].probes
    reason = f"{why}: {probes} messages may show whether the lane is well again"
    return LaneProbesGranted(**about(place, now), reason=reason, probes=probes)


def _conclude(
    lane: Lane, place: Place, window: Window, *, left: int, now: datetime, rules: Rules
) -> list[LaneEvent]:
    cause = lane.cause
    cool_down, kinds = rules.cool_downs[cause], BAD_PROBES[cause]
    bad, answered = window.day.of(*kinds), window.day.answered
    evidence = window.day.evidence(window_s=DAY_S, about=kinds)
    if bad > cool_down.bad:
        again = Finding(
            cause=cause,
            stops=True,
            bad=bad,
            counted=answered,
            limit=cool_down.bad / cool_down.probes,
            reason=f"{bad} of {answered} probes were answered as before",
            evidence=evidence,
        )
        return _block(lane, place, again, now=now, rules=rules)
    patient = timedelta(seconds=rules.probe_patience_s)
    waited = lane.since is not None and now - lane.since >= patient
    if answered >= lane.probes or (answered and waited):
        reason = f"{answered} probes were answered, {bad} of them badly"
        return [LaneOpened(**about(place, now), reason=reason, evidence=evidence)]
    if waited and left == 0:  # taken, and skipped: nobody was asked anything
        return [_grant(lane, place, "no probe was answered", now=now, rules=rules)]
    return []
