"""Every outcome has an explanation, with the event that it rests on."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from domain.delivery.events import SkipReason
from domain.delivery.explanation import (
    SKIPS,
    STATUSES,
    WAITING,
    Absence,
    Cause,
    Queued,
    Story,
    explain,
    explain_absence,
)
from domain.delivery.waiting import Place, why_closed
from projections.message_ledger import RESOLVED, STATUS

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ONE = UUID(int=1)
PLACE = Place(now=AT, gate="open", send_at=AT, destination="google")
changed = msgspec.structs.replace


def story(status: str, **known: object) -> Story:
    return Story(status=status, position=70, at=AT, **known)  # type: ignore[arg-type] # by name


def test_every_status_of_the_ledger_has_words() -> None:
    """A new outcome without an explanation is red here."""
    statuses = {*STATUS.values(), *RESOLVED.values(), "handed_over", "skipped"}
    assert statuses <= {*STATUSES, *WAITING, "skipped"}
    for status in STATUSES:
        answer = explain(story(status, reason="554 5.7.1", relay="mx.example", attempt=3))
        assert (answer.code, answer.position, answer.at) == (status, 70, AT)
        assert answer.text


@pytest.mark.parametrize("reason", SkipReason)
def test_every_skip_names_its_cause(reason: SkipReason) -> None:
    assert reason in SKIPS, "a new reason needs its words"
    cause = Cause(position=12, at=AT - timedelta(days=1), detail="d", campaign_id=ONE,
                  message_id=ONE)  # fmt: skip
    known = explain(story("skipped", reason=str(reason), cause=cause))
    assert (known.code, known.position, known.at) == (str(reason), 12, cause.at)
    assert "event 12" in known.text or reason is SkipReason.UNRENDERABLE
    unknown = explain(story("skipped", reason=str(reason)))
    assert (unknown.code, unknown.position) == (str(reason), 70)
    assert "event" not in unknown.text


@pytest.mark.parametrize(
    ("reason", "cause", "text"),
    [
        (
            SkipReason.SUPPRESSED,
            Cause(position=4, at=AT, detail="hard_bounce 550 5.1.1", message_id=ONE),
            (
                f"not sent: the person was suppressed on 2026-05-04 09:30:00 UTC (event 4): "
                f"hard_bounce 550 5.1.1, caused by message {ONE}"
            ),
        ),
        (
            SkipReason.UNSUBSCRIBED,
            Cause(position=4, at=AT, campaign_id=ONE),
            (
                f"not sent: the person unsubscribed on 2026-05-04 09:30:00 UTC (event 4), "
                f"by a mail of campaign {ONE}"
            ),
        ),
        (
            SkipReason.UNRENDERABLE,
            Cause(position=4, at=AT, detail="{{ x }} has no value"),
            "not sent: it could not be written: {{ x }} has no value",
        ),
    ],
)
def test_the_words_say_what_happened(reason: SkipReason, cause: Cause, text: str) -> None:
    assert explain(story("skipped", reason=str(reason), cause=cause)).text == text


LATER = AT + timedelta(minutes=20)
CLOSED = {
    "stopped_by_kill_switch": changed(PLACE, switch="global", switch_reason="spam run"),
    "scheduled": changed(PLACE, gate="scheduled", send_at=LATER),
    "campaign_paused": changed(PLACE, gate="paused"),
    "campaign_cancelled": changed(PLACE, gate="cancelled"),
    "campaign_closed": changed(PLACE, gate="closed"),
    "lane_blocked": changed(PLACE, lane_state="blocked", blocked_until=LATER, lane_reason="5.7.1"),
    "lane_probing": changed(PLACE, lane_state="probing", probes_left=0),
    "warm_up_cap": changed(
        PLACE, lane_state="open", hour_cap=50, hour_used=50, hour_began=LATER - timedelta(hours=1)
    ),
    "rate_limited": changed(PLACE, tokens=0.4, rate_per_s=5.0),
}


@pytest.mark.parametrize("code", CLOSED)
def test_what_waits_says_for_what_and_until_when(code: str) -> None:
    queued = Queued(place=CLOSED[code], due_at=AT)
    answer = explain(story("queued", queued=queued))
    assert answer.code == code
    timed = {"scheduled", "lane_blocked", "warm_up_cap"}
    assert answer.until == (LATER if code in timed else None)
    deferred = explain(story("deferred", reason="451 4.7.0", queued=queued))
    assert deferred.code == code
    assert deferred.text.startswith("the relay said not now (451 4.7.0); ")


def test_the_words_of_a_lane_are_those_that_people_read() -> None:
    texts = {code: explain(story("queued", queued=Queued(place=place, due_at=AT))).text
             for code, place in CLOSED.items()}  # fmt: skip
    assert texts["warm_up_cap"] == (
        "the lane to google is in warm-up, 50 of 50 used this hour, next at 2026-05-04 09:50:00 UTC"
    )
    assert texts["stopped_by_kill_switch"] == (
        "stopped by the kill switch of the installation: spam run"
    )
    own = changed(PLACE, switch="workspace", switch_reason="x")
    assert (
        "of the workspace: x" in explain(story("queued", queued=Queued(place=own, due_at=AT))).text
    )
    forever = changed(PLACE, lane_state="blocked")
    assert (
        "somebody has to open it"
        in explain(story("queued", queued=Queued(place=forever, due_at=AT))).text
    )


@pytest.mark.parametrize(
    "place",
    [
        PLACE,
        changed(PLACE, lane_state="probing", probes_left=2),
        changed(PLACE, hour_cap=50, hour_used=49, hour_began=AT),
        changed(PLACE, hour_cap=50, hour_used=None, hour_began=AT),
        changed(PLACE, hour_cap=50, hour_used=50, hour_began=AT - timedelta(hours=1)),
        changed(PLACE, tokens=3.0, rate_per_s=5.0),
    ],
)
def test_what_may_go_is_in_the_queue_or_waits_for_its_next_attempt(place: Place) -> None:
    assert why_closed(place) is None
    answer = explain(story("queued", queued=Queued(place=place, due_at=AT, ahead=7)))
    assert (answer.code, answer.text) == ("in_queue", "it is queued behind 7 others that are due")
    later = explain(story("deferred", reason="451", queued=Queued(place=place, due_at=LATER)))
    assert (later.code, later.until) == ("retry_later", LATER)


def test_a_message_that_left_the_queue_a_moment_ago_is_being_handed_over() -> None:
    assert explain(story("queued")).code == "handed_over"


ABSENT = Absence(
    gate="open", launched_position=50, launched_at=AT, expanded=True, added_position=3, added_at=AT
)


@pytest.mark.parametrize(
    ("absence", "code", "position"),
    [
        (changed(ABSENT, launched_position=None, gate="scheduled"), "not_launched", None),
        (changed(ABSENT, launched_position=None, gate="cancelled"), "campaign_cancelled", None),
        (changed(ABSENT, added_position=51), "joined_later", 51),
        (changed(ABSENT, gone=Cause(position=40, at=AT)), "gone_before", 40),
        (changed(ABSENT, gone=Cause(position=60, at=AT), expanded=False), "being_expanded", 50),
        (changed(ABSENT, expanded=False), "being_expanded", 50),
        (ABSENT, "not_in_audience", 50),
    ],
)
def test_somebody_without_a_message_is_told_why(
    absence: Absence, code: str, position: int | None
) -> None:
    answer = explain_absence(absence)
    assert (answer.code, answer.position) == (code, position)
    assert answer.text
