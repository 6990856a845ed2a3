"""How fast a campaign goes, and why it is not faster."""

from datetime import UTC, datetime

import msgspec
import pytest

from domain.delivery.pace import Pace, allowed_per_s, in_words
from domain.delivery.waiting import Place

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
OPEN = Place(now=AT, gate="open", send_at=AT, destination="other")
CAPPED = msgspec.structs.replace(
    OPEN, destination="google", hour_cap=50, hour_used=50, hour_began=AT
)
BLOCKED = msgspec.structs.replace(OPEN, destination="yahoo", lane_state="blocked")
RATED = msgspec.structs.replace(OPEN, tokens=0.0, rate_per_s=50.0)
PACE = Pace(status="running", rate_per_s=0.0, waiting=10, places=[OPEN])
changed = msgspec.structs.replace


@pytest.mark.parametrize(
    ("pace", "code", "text"),
    [
        (changed(PACE, status="completed"), "completed", "the campaign is completed"),
        (
            changed(PACE, status="paused", paused_by="user:anna", paused_at=AT),
            "campaign_paused",
            "paused by user:anna at 2026-05-04 09:30:00 UTC",
        ),
        (
            changed(PACE, unreached_since=AT),
            "relay_unreachable",
            "the relay is unreachable since 2026-05-04 09:30:00 UTC",
        ),
        (
            changed(PACE, places=[BLOCKED, CAPPED]),
            "warm_up_cap",
            (
                "waiting: the lane to google is in warm-up, 50 of 50 used this hour, "
                "next at 2026-05-04 10:30:00 UTC"
            ),
        ),
        (PACE, "waiting", "waiting: nothing was sent in the last 10 s"),
        (changed(PACE, waiting=0), "idle", "nothing is queued at this moment"),
        (changed(PACE, rate_per_s=48.2), "sending", "sending at 48/s"),
        (
            changed(PACE, rate_per_s=48.2, places=[RATED], relay_rate_per_s=80.0),
            "sending",
            "sending at 48/s of 50/s allowed",
        ),
        (
            changed(PACE, rate_per_s=9.9, places=[OPEN, BLOCKED]),
            "sending",
            (
                "sending at 10/s; 1 of 2 destinations wait: the lane to yahoo is blocked; "
                "somebody has to open it"
            ),
        ),
    ],
)
def test_the_reason_is_told_in_words(pace: Pace, code: str, text: str) -> None:
    why = in_words(pace)
    assert (why.code, why.text) == (code, text)


def test_the_lowest_rate_that_holds_for_all_is_what_is_allowed() -> None:
    assert allowed_per_s(PACE) is None
    assert allowed_per_s(changed(PACE, relay_rate_per_s=20.0, places=[RATED])) == 20.0
    faster = msgspec.structs.replace(RATED, rate_per_s=90.0)
    assert allowed_per_s(changed(PACE, places=[RATED, faster])) == 90.0
