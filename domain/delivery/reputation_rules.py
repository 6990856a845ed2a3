"""When a sender is warned of or stopped, and when it may try again: the rules, as data.

Sources: bounces SES (review at 5 %, pause at 10 %: docs.aws.amazon.com/ses, "Sending review
process FAQs"); complaints Gmail (below 0.1 %, never 0.3 %: support.google.com/a/answer/14229414)
and SES (review at 0.1 %). A 5.7.x is about the sender, not the person (RFC 3463, 3.8); 421 and
4.7.x ask to slow down (RFC 5321, 4.2.3). The counts keep a single odd answer from closing a lane.
"""

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from domain.delivery.lane_events import BlockCause, Evidence
from domain.delivery.reputation import Kind, Tally, Window

DAY_S = 24 * 3600


class Scope(StrEnum):
    """How much of a workspace's mail a rule is about."""

    LANE = "lane"
    DOMAIN = "domain"
    WORKSPACE = "workspace"
    CAMPAIGN = "campaign"


class RateRule(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a day's messages; `at_least` messages must be there for it to say anything."""

    cause: BlockCause
    kind: Kind
    warn: float  # above it
    stop: float  # from it on
    least_to_warn: int
    least_to_stop: int
    at_least: MappingProxyType[Scope, int]


class BurstRule(msgspec.Struct, frozen=True, kw_only=True):
    """So many, and such a part of the last answers; of lanes alone."""

    cause: BlockCause
    kind: Kind
    least: int
    part: float
    said: str


class CoolDown(msgspec.Struct, frozen=True, kw_only=True):
    """How long a block lasts, each time longer, and what shows that it is over.

    Of `probes` messages at most `bad` may get the answer that the block was for.
    """

    first_s: float
    factor: float
    max_s: float
    probes: int
    bad: int

    def lasts(self, trips: int) -> timedelta:
        """Return how long the block of this number lasts, from 1."""
        return timedelta(seconds=min(self.first_s * self.factor ** min(trips - 1, 64), self.max_s))


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All that lanes and campaigns are judged by."""

    rates: tuple[RateRule, ...]
    bursts: tuple[BurstRule, ...]
    cool_downs: MappingProxyType[BlockCause, CoolDown]
    probe_patience_s: float  # then the answers that came must do
    forgiven_after_s: float  # open for so long, the next block is a first one


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found: to stop, or only to warn."""

    cause: BlockCause
    stops: bool
    bad: int  # of `counted` messages
    counted: int
    limit: float
    reason: str
    evidence: Evidence

    @property
    def rate(self) -> float:
        """The part of the messages that was bad."""
        return self.bad / max(self.counted, 1)


_AT_LEAST = MappingProxyType(
    {Scope.LANE: 200, Scope.DOMAIN: 500, Scope.WORKSPACE: 1_000, Scope.CAMPAIGN: 200}
)
RULES = Rules(
    rates=(
        RateRule(
            cause=BlockCause.BOUNCE_RATE,
            kind=Kind.BOUNCED,
            warn=0.05,
            stop=0.10,
            least_to_warn=1,
            least_to_stop=1,
            at_least=_AT_LEAST,
        ),
        RateRule(
            cause=BlockCause.COMPLAINT_RATE,
            kind=Kind.COMPLAINED,
            warn=0.001,
            stop=0.003,
            least_to_warn=2,
            least_to_stop=3,
            at_least=_AT_LEAST,
        ),
    ),
    bursts=(
        BurstRule(
            cause=BlockCause.POLICY_BLOCK,
            kind=Kind.BLOCKED,
            least=3,
            part=0.05,
            said="refused for what the sender is (5.7.x)",
        ),
        BurstRule(
            cause=BlockCause.DEFERRAL_STORM,
            kind=Kind.SLOWED,
            least=10,
            part=0.5,
            said="put off as too much or too fast (421, 4.7.x)",
        ),
    ),
    cool_downs=MappingProxyType(
        {
            BlockCause.POLICY_BLOCK: CoolDown(
                first_s=1_800, factor=2, max_s=DAY_S, probes=5, bad=0
            ),
            BlockCause.DEFERRAL_STORM: CoolDown(
                first_s=300, factor=2, max_s=7_200, probes=5, bad=0
            ),
            BlockCause.BOUNCE_RATE: CoolDown(
                first_s=4 * 3600, factor=2, max_s=2 * DAY_S, probes=50, bad=2
            ),
            BlockCause.COMPLAINT_RATE: CoolDown(
                first_s=DAY_S, factor=2, max_s=4 * DAY_S, probes=100, bad=0
            ),
        }
    ),
    probe_patience_s=15 * 60,
    forgiven_after_s=DAY_S,
)
BAD_PROBES = MappingProxyType(
    {
        BlockCause.POLICY_BLOCK: (Kind.BLOCKED, Kind.SLOWED),
        BlockCause.DEFERRAL_STORM: (Kind.SLOWED, Kind.BLOCKED),
        BlockCause.BOUNCE_RATE: (Kind.BOUNCED, Kind.BLOCKED, Kind.SLOWED),
        BlockCause.COMPLAINT_RATE: (Kind.COMPLAINED, Kind.BLOCKED, Kind.SLOWED),
    }
)
"""Which answers to a probe are bad ones, by what the lane was blocked for."""


def find(window: Window, *, scope: Scope, rules: Rules = RULES) -> Finding | None:
    """Return the gravest finding; one that stops goes before one that warns."""
    found = [f for rule in rules.rates if (f := _rate(rule, window.day, scope))]
    if scope is Scope.LANE:
        found = [f for rule in rules.bursts if (f := _burst(rule, window.latest))] + found
    return min(found, key=lambda finding: not finding.stops, default=None)


def _burst(rule: BurstRule, latest: Tally) -> Finding | None:
    bad, of = latest.of(rule.kind), latest.answered
    if bad < rule.least or bad < rule.part * of:
        return None
    return Finding(
        cause=rule.cause,
        stops=True,
        bad=bad,
        counted=of,
        limit=rule.part,
        reason=f"{bad} of the last {of} messages were {rule.said}",
        evidence=latest.evidence(window_s=0, about=[rule.kind]),
    )


def _rate(rule: RateRule, day: Tally, scope: Scope) -> Finding | None:
    bad, of = day.of(rule.kind), day.delivered
    if of < rule.at_least[scope]:
        return None
    rate = bad / of
    stops = rate >= rule.stop and bad >= rule.least_to_stop
    if not stops and (rate <= rule.warn or bad < rule.least_to_warn):
        return None
    limit = rule.stop if stops else rule.warn
    return Finding(
        cause=rule.cause,
        stops=stops,
        bad=bad,
        counted=of,
        limit=limit,
        reason=f"{bad} of {of} messages of a day {rule.kind}: {rate:.2%}, the limit is {limit:.1%}",
        evidence=day.evidence(window_s=DAY_S, about=[rule.kind]),
    )
