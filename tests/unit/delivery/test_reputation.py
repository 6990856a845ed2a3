"""What an outcome says of its sender, and when that is too much."""

import pytest

from domain.delivery.bounce_class import BounceClass, BounceSource
from domain.delivery.bounce_events import EmailComplained
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
    SkipReason,
)
from domain.delivery.lane_events import BlockCause
from domain.delivery.reputation import Kind, Window, kind_of
from domain.delivery.reputation_rules import RULES, Scope, find
from domain.shared.model import Event
from domain.shared.packed_ids import count_ids
from tests.support.builders import CAMPAIGN_ID
from tests.support.lanes import latest, tally


def outcome(kind: type[Event], **fields: object) -> Event:
    about: dict[str, object] = dict.fromkeys(
        ("message_id", "campaign_id", "contact_id"), CAMPAIGN_ID
    )
    made: Event = kind(**about, **fields)
    return made


def reported(bounce_class: BounceClass, status: str) -> Event:
    return outcome(
        EmailBounced, attempt=0, relay="", code=0, status=status, source=BounceSource.DSN,
        bounce_class=bounce_class,
    )  # fmt: skip


def answered(kind: type[Event], code: int, status: str = "", **fields: object) -> Event:
    return outcome(kind, attempt=1, relay="r", code=code, status=status, **fields)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (outcome(EmailSent, attempt=1, relay="r"), Kind.SENT),
        (outcome(EmailSent, attempt=1, relay="r", sandbox=True), None),
        (answered(EmailDeferred, 421, retry_at_ms=1), Kind.SLOWED),
        (answered(EmailDeferred, 451, "4.7.1", retry_at_ms=1), Kind.SLOWED),
        (answered(EmailDeferred, 450, "4.2.0", retry_at_ms=1), Kind.DEFERRED),
        (answered(EmailDeferred, 0, retry_at_ms=1), None),  # held back, or the relay was away
        (answered(EmailBounced, 550, "5.1.1"), Kind.BOUNCED),
        (answered(EmailFailed, 550, "5.7.1", reason="policy"), Kind.BLOCKED),
        (answered(EmailFailed, 552, "5.3.4", reason="too_large"), Kind.FAILED),
        (answered(EmailFailed, 451, "4.7.0", reason="expired"), Kind.SLOWED),
        (outcome(EmailUncertain, attempt=1, relay="r", reason="silence"), Kind.UNCERTAIN),
        (reported(BounceClass.HARD, "5.1.1"), Kind.BOUNCED),
        (reported(BounceClass.POLICY, "5.7.1"), Kind.BLOCKED),
        (reported(BounceClass.POLICY, "4.7.0"), Kind.SLOWED),
        (reported(BounceClass.SOFT, "5.2.2"), None),
        (outcome(EmailComplained, feedback_type="abuse"), Kind.COMPLAINED),
        (outcome(EmailComplained, feedback_type="abuse", sandbox=True), None),
        (outcome(EmailSkipped, reason=SkipReason.SUPPRESSED), None),
    ],
)  # fmt: skip
def test_what_an_outcome_says_of_the_sender(event: Event, kind: Kind | None) -> None:
    assert kind_of(event) is kind


@pytest.mark.parametrize(
    ("counts", "cause", "stops"),
    [
        ({"sent": 1}, None, False),
        ({"sent": 50, "blocked": 2}, None, False),
        ({"sent": 57, "blocked": 3}, BlockCause.POLICY_BLOCK, True),
        ({"sent": 58, "blocked": 3}, None, False),  # below 5 %
        ({"slowed": 9}, None, False),
        ({"slowed": 10, "sent": 10}, BlockCause.DEFERRAL_STORM, True),
        ({"slowed": 10, "sent": 11}, None, False),
        ({"sent": 190, "bounced": 10}, None, False),  # 5 % is not above 5 %
        ({"sent": 189, "bounced": 11}, BlockCause.BOUNCE_RATE, False),
        ({"sent": 188, "bounced": 11}, None, False),  # 199 messages say nothing
        ({"sent": 181, "bounced": 19}, BlockCause.BOUNCE_RATE, False),
        ({"sent": 180, "bounced": 20}, BlockCause.BOUNCE_RATE, True),
        ({"sent": 1_000, "complained": 1}, None, False),
        ({"sent": 300, "complained": 1}, None, False),  # one person is not a rate
        ({"sent": 1_000, "complained": 2}, BlockCause.COMPLAINT_RATE, False),
        ({"sent": 300, "complained": 2}, BlockCause.COMPLAINT_RATE, False),
        ({"sent": 1_000, "complained": 3}, BlockCause.COMPLAINT_RATE, True),
        ({"sent": 880, "bounced": 60, "complained": 9}, BlockCause.COMPLAINT_RATE, True),
    ],
)  # fmt: skip
def test_a_lane_is_stopped_or_warned_of_at_its_limits(
    counts: dict[str, int], cause: BlockCause | None, *, stops: bool
) -> None:
    found = find(latest(**counts), scope=Scope.LANE)
    assert (found and found.cause, bool(found and found.stops)) == (cause, stops)


@pytest.mark.parametrize(("scope", "enough"), RULES.rates[0].at_least.items())
def test_a_wider_scope_needs_more_messages(scope: Scope, enough: int) -> None:
    bad = enough // 5
    assert find(latest(bounced=bad, sent=enough - bad), scope=scope)
    assert find(latest(bounced=bad, sent=enough - bad - 1), scope=scope) is None


def test_a_burst_is_a_matter_of_the_lane_alone() -> None:
    assert find(latest(blocked=90), scope=Scope.DOMAIN) is None


def test_a_storm_is_seen_in_the_last_answers_however_long_the_day_was() -> None:
    long_day = Window(era=0, latest=tally(slowed=60, sent=40), day=tally(slowed=60, sent=90_000))
    found = find(long_day, scope=Scope.LANE)
    assert found
    assert found.reason.startswith("60 of the last 100 messages were put off")


def test_evidence_has_counts_and_witnesses_of_what_it_is_about() -> None:
    found = find(latest(sent=150, bounced=50), scope=Scope.LANE)
    assert found
    assert (found.rate, found.limit) == (0.25, 0.10)
    assert found.reason == "50 of 200 messages of a day bounced: 25.00%, the limit is 10.0%"
    assert (found.evidence.sent, found.evidence.bounced) == (150, 50)
    assert (count_ids(found.evidence.messages), found.evidence.codes) == (1, ("421 4.7.0",))
