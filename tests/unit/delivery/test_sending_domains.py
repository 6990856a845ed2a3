"""The life of a sending domain, and when it is looked at."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.delivery import sending_domain
from domain.delivery.check_schedule import next_look
from domain.delivery.dns_records import Finding
from domain.delivery.sending_domain import (
    SENDING_DOMAIN,
    CheckedTooOftenError,
    Misses,
    SendingDomain,
    SendingDomainUnverifiedError,
    Status,
)
from domain.delivery.sending_domain_events import (
    DkimKey,
    RecordState,
    SendingDomainAdded,
    SendingDomainBroken,
    SendingDomainCheckAsked,
    SendingDomainChecked,
    SendingDomainEvent,
    SendingDomainKeysRotated,
    SendingDomainRecovered,
    SendingDomainRemoved,
    SendingDomainRested,
    SendingDomainVerified,
)
from domain.shared.errors import IllegalTransitionError, NotFoundError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = uuid4()
KEY = DkimKey("ee1r-abcdefgh", "rsa", "AAAA")
ADDED = SendingDomainAdded(
    domain_id=ID, domain="acme.example", generation=1, keys=(KEY,), added_at=NOW
)
VERIFIED = SendingDomainVerified(domain_id=ID, domain="acme.example", verified_at=NOW)


def state(*events: SendingDomainEvent) -> SendingDomain:
    return SENDING_DOMAIN.fold(list(events))


def finding(seen: RecordState, *, record: str = "dkim_rsa", required: bool = True) -> Finding:
    return Finding(
        record=record,
        name="x",
        type="TXT",
        expected="y",
        required=required,
        state=seen,
        found=("v=DMARC1; p=none; rua=mailto:ann@acme.example",),
    )


def look(
    before: SendingDomain,
    seen: RecordState,
    *,
    misses: Misses | None = None,
    now: datetime = NOW,
) -> list[type[SendingDomainEvent]]:
    events = sending_domain.checked(
        before, domain_id=ID, findings=[finding(seen)], misses=misses or Misses(), now=now
    )
    return [type(event) for event in events]


def broken() -> SendingDomain:
    fact = SendingDomainBroken(
        domain_id=ID,
        domain="acme.example",
        records=(),
        looks=3,
        missing_since=NOW,
        broken_at=NOW,
    )
    return state(ADDED, VERIFIED, fact)


def test_a_domain_is_added_once_and_after_its_removal_with_new_keys() -> None:
    added = sending_domain.add(state(), domain_id=ID, domain="a.example", keys=(KEY,), now=NOW)
    assert isinstance(added[0], SendingDomainAdded)
    assert added[0].generation == 1
    with pytest.raises(IllegalTransitionError, match="pending"):
        sending_domain.add(state(*added), domain_id=ID, domain="a.example", keys=(), now=NOW)
    gone = state(*added, *sending_domain.remove(state(*added), domain_id=ID))
    assert (gone.status, gone.keys) == (Status.REMOVED, ())
    again = sending_domain.add(gone, domain_id=ID, domain="a.example", keys=(KEY,), now=NOW)
    assert isinstance(again[0], SendingDomainAdded)
    assert again[0].generation == 2
    assert sending_domain.remove(gone, domain_id=ID) == []
    with pytest.raises(NotFoundError):
        sending_domain.remove(state(), domain_id=ID)


def test_two_workspaces_have_selectors_and_ids_of_their_own() -> None:
    one, other = uuid4(), uuid4()
    mine = sending_domain.selectors(one, 1)
    assert mine == sending_domain.selectors(one, 1)
    assert set(mine) == {"rsa", "ed25519"}
    everything = [*mine.values(), *sending_domain.selectors(one, 2).values()]
    everything += sending_domain.selectors(other, 1).values()
    assert len(set(everything)) == len(everything)
    ids = {sending_domain.domain_id(w, d) for w in (one, other) for d in ("a.example", "b.example")}
    assert len(ids) == 4


def test_everything_required_verifies_a_domain_and_nothing_less() -> None:
    pending = state(ADDED)
    assert look(pending, RecordState.OK) == [SendingDomainChecked, SendingDomainVerified]
    for seen in (RecordState.MISSING, RecordState.WRONG, RecordState.UNREACHABLE):
        assert look(pending, seen) == [SendingDomainChecked]
    advised = [
        finding(RecordState.OK),
        finding(RecordState.MISSING, record="tracking", required=False),
    ]
    events = sending_domain.checked(
        pending, domain_id=ID, findings=advised, misses=Misses(), now=NOW
    )
    assert isinstance(events[-1], SendingDomainVerified)
    for gone in (state(), state(ADDED, SendingDomainRemoved(domain_id=ID, domain="a"))):
        assert look(gone, RecordState.OK) == []


def test_a_look_that_finds_what_was_known_says_nothing() -> None:
    checked = sending_domain.checked(
        state(ADDED), domain_id=ID, findings=[finding(RecordState.OK)], misses=Misses(), now=NOW
    )
    verified = state(ADDED, *checked)
    assert verified.status is Status.VERIFIED
    assert look(verified, RecordState.OK) == []
    assert look(verified, RecordState.UNREACHABLE) == []
    assert look(verified, RecordState.MISSING) == [SendingDomainChecked]
    assert "ann@" not in repr(checked)


@pytest.mark.parametrize(
    ("looks", "for_s", "breaks"),
    [(1, 0, False), (3, 3_599, False), (2, 9_999, False), (3, 3_600, True), (9, 9_999, True)],
)
def test_a_verified_domain_breaks_after_three_misses_in_an_hour_or_more(
    looks: int, for_s: int, *, breaks: bool
) -> None:
    misses = Misses(looks, NOW - timedelta(seconds=for_s))
    found = look(state(ADDED, VERIFIED), RecordState.WRONG, misses=misses)
    assert (SendingDomainBroken in found) is breaks


def test_a_broken_domain_says_what_is_missing_and_recovers_by_itself() -> None:
    events = sending_domain.checked(
        state(ADDED, VERIFIED),
        domain_id=ID,
        findings=[finding(RecordState.MISSING), finding(RecordState.OK, record="spf")],
        misses=Misses(3, NOW - HOUR),
        now=NOW,
    )
    assert isinstance(events[-1], SendingDomainBroken)
    assert [record.record for record in events[-1].records] == ["dkim_rsa"]
    assert look(broken(), RecordState.WRONG) == [SendingDomainChecked]
    assert look(broken(), RecordState.OK) == [SendingDomainChecked, SendingDomainRecovered]
    healed = SendingDomainRecovered(domain_id=ID, domain="acme.example", recovered_at=NOW)
    assert SENDING_DOMAIN.evolve(broken(), healed).status is Status.VERIFIED


def test_who_waits_for_two_weeks_rests_until_somebody_asks() -> None:
    late = NOW + timedelta(days=14)
    assert look(state(ADDED), RecordState.MISSING, now=late - HOUR) == [SendingDomainChecked]
    expected = [SendingDomainChecked, SendingDomainRested]
    assert look(state(ADDED), RecordState.MISSING, now=late) == expected
    assert look(broken(), RecordState.MISSING, now=late) == expected
    rests = state(ADDED, SendingDomainRested(domain_id=ID, domain="a", waited_days=14))
    assert look(rests, RecordState.MISSING, now=late) == [SendingDomainChecked]
    asked = SENDING_DOMAIN.evolve(rests, SendingDomainCheckAsked(domain_id=ID, asked_at=late))
    assert look(asked, RecordState.MISSING, now=late + HOUR) == [SendingDomainChecked]


def test_a_look_can_be_asked_for_every_half_minute() -> None:
    events = sending_domain.ask_check(state(ADDED), domain_id=ID, now=NOW)
    asked = state(ADDED, *events)
    assert asked.waiting_since == NOW
    with pytest.raises(CheckedTooOftenError) as refused:
        sending_domain.ask_check(asked, domain_id=ID, now=NOW + timedelta(seconds=20))
    assert refused.value.retry_after_s == 10
    assert sending_domain.ask_check(asked, domain_id=ID, now=NOW + timedelta(seconds=30))
    with pytest.raises(NotFoundError):
        sending_domain.ask_check(state(), domain_id=ID, now=NOW)


def test_a_refusal_names_the_domain_and_what_to_do() -> None:
    sending_domain.require_verified("verified", domain="acme.example")
    for status, sentence in [
        ("pending", "publish the records"),
        ("broken", "publish them again"),
        ("absent", "add it by POST"),
        ("removed", "add it by POST"),
    ]:
        with pytest.raises(SendingDomainUnverifiedError, match=rf"acme\.example .*{sentence}"):
            sending_domain.require_verified(status, domain="acme.example")


@pytest.mark.parametrize(
    ("status", "checks", "misses", "minutes"),
    [
        (Status.PENDING, 1, 0, 1),
        (Status.PENDING, 2, 1, 5),
        (Status.PENDING, 3, 1, 15),
        (Status.PENDING, 99, 1, 60),
        (Status.BROKEN, 1, 3, 1),
        (Status.VERIFIED, 7, 0, 360),
        (Status.VERIFIED, 7, 1, 30),
    ],
)
def test_looks_are_frequent_at_first_and_in_doubt(
    status: Status, checks: int, misses: int, minutes: int
) -> None:
    pause = next_look(status, checks=checks, misses=misses, jitter=0)
    assert pause == timedelta(minutes=minutes)
    assert pause < next_look(status, checks=checks, misses=misses, jitter=1) <= pause * 1.2


def test_new_keys_sign_from_when_their_record_is_seen_and_not_before() -> None:
    with pytest.raises(NotFoundError):
        sending_domain.prepare_keys(state(), domain_id=ID, keys=(KEY,))
    new = DkimKey("ee2r-abcdefgh", "rsa", "BBBB")
    prepared = sending_domain.prepare_keys(state(ADDED, VERIFIED), domain_id=ID, keys=(new,))
    waiting = state(ADDED, VERIFIED, *prepared)
    assert (waiting.generation, waiting.keys) == (2, (KEY,))
    with pytest.raises(IllegalTransitionError, match="next_dkim"):
        sending_domain.prepare_keys(waiting, domain_id=ID, keys=(new,))
    for seen, rotates in [(RecordState.MISSING, False), (RecordState.OK, True)]:
        findings = [
            finding(RecordState.OK),
            finding(seen, record="next_dkim_rsa", required=False),
        ]
        events = sending_domain.checked(
            waiting, domain_id=ID, findings=findings, misses=Misses(), now=NOW
        )
        rotated = [event for event in events if isinstance(event, SendingDomainKeysRotated)]
        assert bool(rotated) is rotates
    after = state(ADDED, VERIFIED, *prepared, *rotated)
    assert (after.keys, after.next_keys) == ((new,), ())
    assert rotated[0].old_selectors == (KEY.selector,)
