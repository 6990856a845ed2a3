"""What reports lead to: facts once each, suppressions that fit, and mail again after a delivery."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.delivery.choose_soft_bounce_policy import (
    ChooseSoftBouncePolicy,
    choose_soft_bounce_policy,
)
from commands.delivery.record_bounce_report import (
    Outcome,
    RecordBounceReport,
    ReportedMessage,
    record_bounce_report,
)
from commands.policies.bounce_suppresses_contact import BounceSuppressesContact
from commands.policies.complaint_suppresses_contact import ComplaintSuppressesContact
from commands.policies.soft_bounces_suppress_contact import SoftBouncesSuppressContact
from commands.ports import Effect
from domain.contacts.events import ContactSuppressed, SuppressionLifted, SuppressionReason
from domain.delivery.bounce_class import BounceClass, BounceSource
from domain.delivery.bounce_events import (
    EmailComplained,
    SoftBouncePolicyChosen,
)
from domain.delivery.bounce_report import Bounced, Complained, Delivered
from domain.delivery.events import EmailBounced, EmailFailed
from domain.delivery.soft_bounces import (
    SOFT_BOUNCE_POLICY,
    SendResult,
    SoftBouncePolicy,
    suppressed_until,
)
from domain.shared.context import Context
from domain.shared.errors import DomainError, InvalidInputError
from domain.shared.model import Event, Fact
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryAddresses, MemoryDoNotMail

WORKSPACE, WHO = uuid4(), uuid4()
NOW = asking(WORKSPACE).now
MESSAGE = ReportedMessage(uuid4(), uuid4(), WHO)
HARD, SOFT, POLICY = BounceClass.HARD, BounceClass.SOFT, BounceClass.POLICY


def told(outcome: Outcome) -> Event:
    log = MemoryEventLog()
    command = RecordBounceReport(message=MESSAGE, outcome=outcome)
    record_bounce_report(command, asking(WORKSPACE), log)
    return log.events[0][2]


def bounce(kind: BounceClass) -> EmailBounced:
    event = told(Bounced(bounce_class=kind, status="5.1.1", code=550, reply="gone"))
    assert isinstance(event, EmailBounced)
    return event


def test_each_kind_of_outcome_is_a_fact_of_its_own() -> None:
    log = MemoryEventLog()
    outcomes: list[Outcome] = [
        Bounced(bounce_class=SOFT, status="5.2.2", code=552, reply="full"),
        Bounced(bounce_class=HARD, status="5.1.1", code=550, reply="gone"),
        Delivered("relayed"),
        Complained("abuse"),
    ]
    for outcome in outcomes * 2:
        command = RecordBounceReport(message=MESSAGE, outcome=outcome)
        record_bounce_report(command, asking(WORKSPACE), log)
    kinds = [(type(event), stream) for _, stream, event in log.events]
    assert len({stream for _, stream in kinds}) == 4
    assert bounce(HARD).source is BounceSource.DSN


class Erased(MemoryEventLog):
    """Refuses what holds something personal."""

    code = "person_erased"

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        if getattr(facts[0].event, "reply", None):
            error = DomainError("erased")
            error.code = self.code  # type: ignore[misc]
            raise error
        return super().record(facts, context, effects=effects)


def test_of_an_erased_person_the_fact_stays_without_the_reply() -> None:
    log = Erased()
    outcome = Bounced(bounce_class=HARD, status="5.1.1", code=550, reply="gone")
    command = RecordBounceReport(message=MESSAGE, outcome=outcome)
    record_bounce_report(command, asking(WORKSPACE), log)
    assert [getattr(event, "reply", "") for _, _, event in log.events] == [None]
    log.code = "other"
    with pytest.raises(DomainError):
        record_bounce_report(command, asking(WORKSPACE), log)


def suppressions(log: MemoryEventLog) -> list[SuppressionReason]:
    return [e.reason for _, _, e in log.events if isinstance(e, ContactSuppressed)]


def test_only_a_dead_address_is_suppressed_for_a_bounce() -> None:
    log = MemoryEventLog()
    policy = BounceSuppressesContact(log, MemoryDoNotMail())
    for kind in (SOFT, POLICY):
        policy.react(bounce(kind), asking(WORKSPACE))
    assert suppressions(log) == []
    policy.react(bounce(HARD), asking(WORKSPACE))
    assert suppressions(log) == [SuppressionReason.HARD_BOUNCE]


def test_a_complaint_suppresses_for_ever_but_not_from_a_sandbox() -> None:
    log = MemoryEventLog()
    policy = ComplaintSuppressesContact(log, MemoryDoNotMail())
    about = {"message_id": uuid4(), "campaign_id": uuid4(), "contact_id": WHO}
    policy.react(EmailComplained(**about, feedback_type="abuse", sandbox=True), asking(WORKSPACE))
    policy.react(bounce(HARD), asking(WORKSPACE))
    assert suppressions(log) == []
    policy.react(EmailComplained(**about, feedback_type="abuse"), asking(WORKSPACE))
    assert suppressions(log) == [SuppressionReason.COMPLAINT]


class History:
    """The port `SendHistory`: soft bounces so many days ago, newest first."""

    def __init__(self, *days: int) -> None:
        self._sends = [SendResult(uuid4(), NOW - timedelta(days=d), is_soft=True) for d in days]

    def last(self, workspace_id: UUID, contact_id: UUID, *, limit: int) -> Sequence[SendResult]:
        del workspace_id, contact_id
        return self._sends[:limit]


def reacted(
    history: History, *events: Event, policy: SoftBouncePolicy | None = None
) -> list[Event]:
    log = MemoryEventLog()
    if policy:
        choose_soft_bounce_policy(ChooseSoftBouncePolicy(policy), asking(WORKSPACE), log)
    standing = {WHO: {SuppressionReason.SOFT_BOUNCES}} if policy is None else {}
    addresses = MemoryAddresses({}, standing)
    reactor = SoftBouncesSuppressContact(log, MemoryDoNotMail(), addresses, history)
    for event in events:
        reactor.react(event, msgspec.structs.replace(asking(WORKSPACE), now=NOW))
    return [e for _, _, e in log.events if not isinstance(e, SoftBouncePolicyChosen)]


def full() -> EmailFailed:
    return EmailFailed(
        message_id=uuid4(),
        campaign_id=uuid4(),
        contact_id=WHO,
        attempt=3,
        relay="r",
        code=552,
        status="5.2.2",
        reason="mailbox_full",
    )


@pytest.mark.parametrize("event", [bounce(SOFT), full()])
def test_the_third_soft_bounce_in_a_week_suppresses_for_thirty_days(event: Event) -> None:
    (suppressed,) = reacted(History(3, 8), event)
    assert isinstance(suppressed, ContactSuppressed)
    assert suppressed.expires_at is not None
    assert suppressed.expires_at - NOW == timedelta(days=30)
    assert reacted(History(3), event) == []
    assert reacted(History(3, 6), event) == []
    assert reacted(History(3, 8), bounce(HARD)) == []


def test_the_policy_is_the_workspaces_own() -> None:
    own = SoftBouncePolicy(bounces=1, of_last=1, over_days=0, suppress_days=2)
    (suppressed,) = reacted(History(), bounce(SOFT), policy=own)
    assert isinstance(suppressed, ContactSuppressed)
    assert suppressed.expires_at is not None
    assert suppressed.expires_at - NOW == timedelta(days=2)


def test_a_delivery_ends_it() -> None:
    delivered = told(Delivered("delivered"))
    (lifted,) = reacted(History(), delivered)
    assert isinstance(lifted, SuppressionLifted)
    assert reacted(History(), delivered, policy=SoftBouncePolicy(bounces=2)) == []


def test_a_delivery_wipes_out_what_was_before_it() -> None:
    soft = [SendResult(uuid4(), NOW - timedelta(days=d), is_soft=True) for d in (0, 5, 9)]
    assert suppressed_until(SoftBouncePolicy(), soft, now=NOW)
    arrived = SendResult(uuid4(), NOW - timedelta(days=7), is_delivered=True)
    plain = SendResult(uuid4(), NOW - timedelta(days=7))
    assert suppressed_until(SoftBouncePolicy(), [*soft[:2], plain, soft[2]], now=NOW)
    assert suppressed_until(SoftBouncePolicy(), [*soft[:2], arrived, soft[2]], now=NOW) is None


@pytest.mark.parametrize(
    "wrong",
    [
        SoftBouncePolicy(bounces=0),
        SoftBouncePolicy(bounces=6),
        SoftBouncePolicy(of_last=51),
        SoftBouncePolicy(over_days=-1),
        SoftBouncePolicy(suppress_days=0),
    ],
)
def test_a_policy_that_cannot_be_is_refused(wrong: SoftBouncePolicy) -> None:
    with pytest.raises(InvalidInputError):
        choose_soft_bounce_policy(
            ChooseSoftBouncePolicy(wrong), asking(WORKSPACE), MemoryEventLog()
        )


def test_the_same_policy_again_says_nothing() -> None:
    log, own = MemoryEventLog(), SoftBouncePolicy(bounces=2)
    for _ in range(2):
        choose_soft_bounce_policy(ChooseSoftBouncePolicy(own), asking(WORKSPACE), log)
    assert [event for _, _, event in log.events] == [
        SoftBouncePolicyChosen(bounces=2, of_last=5, over_days=7, suppress_days=30)
    ]
    assert SOFT_BOUNCE_POLICY.fold([log.events[0][2]]) == own  # type: ignore[list-item]
