"""Lanes that are blocked, probed and opened, campaigns that pause: with a real conversation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

import pytest
from msgspec import structs

from commands.delivery.begin_warm_up import BeginWarmUp, begin_warm_up
from commands.delivery.ripen_lane import RipenLane, ripen_lane
from domain.campaigns.events import CampaignPaused
from domain.delivery.bounce_events import EmailComplained
from domain.delivery.events import EmailBounced, EmailSent
from domain.delivery.lane import ALL, Place
from domain.delivery.lane_events import (
    BlockCause,
    LaneBlocked,
    LaneOpened,
    LaneProbesGranted,
    WarmUpHeld,
    WarmUpStarted,
    WarmUpSteppedBack,
)
from domain.delivery.reputation_rules import RULES, CoolDown
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from domain.shared.packed_ids import count_ids
from infra import failpoints
from infra.bootstrap import Adapters
from infra.clock import new_id, now
from infra.failpoints import Failpoint, FailpointError
from infra.postgres.campaign_runs import RunFinder
from infra.postgres.connections import Role
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.email_queue import EmailQueue
from infra.postgres.lanes import PostgresLanes
from infra.postgres.sender_windows import SenderWindows
from infra.projecting.rebuild import Shadow
from infra.projecting.verify import verify
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.counting_sink import counting_sink
from tests.support.faulty_smtp import Script, say
from tests.support.sending import Mailing
from workers.reputation import Reputation

pytestmark = pytest.mark.integration

PLACE = Place("acme.example", "google")
BRIEF = CoolDown(first_s=0, factor=1, max_s=0, probes=5, bad=0)
SOON = structs.replace(RULES, cool_downs=MappingProxyType(dict.fromkeys(BlockCause, BRIEF)))


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def gmail(count: int) -> list[str]:
    return [f"g{n}@gmail.com" for n in range(count)]


def state(mailing: Mailing) -> tuple[str, int]:
    ((found, left),) = mailing.ask(
        "SELECT state, probes_left FROM lanes WHERE destination = 'google'"
    )
    return found, left


def looked(mailing: Mailing, reputation: Reputation) -> None:
    mailing.project()
    reputation.step()


def due_now(mailing: Mailing) -> None:
    mailing.ask("UPDATE email_tasks SET due_at = clock_timestamp() RETURNING 1")


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (b"451 4.7.0 too many messages from you", BlockCause.DEFERRAL_STORM),
        (b"550 5.7.1 blocked for spam", BlockCause.POLICY_BLOCK),
    ],
)
def test_a_lane_is_blocked_probed_and_opened(
    mailing: Mailing, reply: bytes, cause: BlockCause
) -> None:
    mailing.add_contacts(gmail(40))
    mailing.started()
    reputation = Reputation(mailing.worker, rules=SOON)
    mailing.ask("INSERT INTO lanes VALUES (%s, %s, 'google', 'probing', NULL, 12) RETURNING 1",
                mailing.workspace, PLACE.sending_domain)  # fmt: skip
    script = Script(rcpt=say(reply))
    server = mailing.dispatch_to(script, connections=1, until=lambda: turns(mailing) == 0)
    assert len(server.heard("RCPT")) == 12
    mailing.ask("UPDATE lanes SET state = 'open' RETURNING 1")
    looked(mailing, reputation)
    (blocked,) = mailing.of_type(LaneBlocked)
    assert (blocked.cause, blocked.trips, blocked.destination) == (cause, 1, "google")
    assert count_ids(blocked.evidence.messages) == 5
    assert set(blocked.evidence.codes) == {" ".join(reply.decode().split()[:2])}
    assert state(mailing)[0] in {"blocked", "probing"}
    reputation.step()
    (granted,) = mailing.of_type(LaneProbesGranted)
    assert (granted.probes, state(mailing)) == (5, ("probing", 5))
    looked(mailing, reputation)
    assert state(mailing) == ("probing", 5), "what was counted before says nothing any more"
    due_now(mailing)
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=lambda: mailing.counted()["EmailSent"] == 5)
        assert sink.accepted().total() == 5, "exactly the probes"
        looked(mailing, reputation)
        (opened,) = mailing.of_type(LaneOpened)
        assert (opened.evidence.sent, state(mailing)[0]) == (5, "open")
        mailing.dispatch(sink.port)
    assert mailing.tasks() == 0
    mailing.project()
    reputation.step()
    assert len(mailing.of_type(LaneBlocked)) == 1


def turns(mailing: Mailing) -> int:
    return len(RunFinder(mailing.worker.pool).sendable()) + int(
        mailing.ask("SELECT count(*) FROM email_tasks WHERE locked_by IS NOT NULL")[0][0]
    )


def told(mailing: Mailing, campaign: UUID, *, sent: int, bounced: int) -> None:
    """Record outcomes as the dispatcher does."""

    def fact(number: int, kind: Callable[..., EmailSent | EmailBounced], **more: object) -> Fact:
        message = derive_id(0, mailing.workspace.bytes, campaign.bytes, number.to_bytes(4, "big"))
        return Fact(message, kind(
            message_id=message, campaign_id=campaign, contact_id=message, attempt=1, relay="r",
            sending_domain=PLACE.sending_domain, destination="google", **more,
        ))  # fmt: skip

    first = len(mailing.of_type(EmailSent)) + len(mailing.of_type(EmailBounced))
    facts = [fact(first + n, EmailSent) for n in range(sent)] + [
        fact(first + sent + n, EmailBounced, code=550, status="5.1.1") for n in range(bounced)
    ]
    mailing.worker.log.record(facts, asking(mailing.workspace))
    mailing.project()


def test_a_campaign_pauses_at_its_limit_and_not_below_and_counts_anew_when_resumed(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(gmail(3))
    campaign = mailing.started()
    reputation = Reputation(mailing.worker)
    told(mailing, campaign, sent=181, bounced=19)
    reputation.step()
    assert mailing.gate(campaign) == "open"
    told(mailing, campaign, sent=0, bounced=2)
    reputation.step()
    (paused,) = mailing.of_type(CampaignPaused)
    assert (paused.bad, paused.counted, paused.limit) == (21, 202, 0.10)
    assert "10.40%" in paused.reason
    assert (count_ids(paused.messages), mailing.gate(campaign)) == (5, "paused")
    Reputation(mailing.worker).step()
    mailing.resume(campaign)
    Reputation(mailing.worker).step()  # the read model does not know yet
    mailing.project()
    Reputation(mailing.worker).step()
    assert mailing.gate(campaign) == "open"
    told(mailing, campaign, sent=179, bounced=20)
    Reputation(mailing.worker).step()
    assert mailing.gate(campaign) == "open"
    told(mailing, campaign, sent=1, bounced=0)
    Reputation(mailing.worker).step()
    assert len(mailing.of_type(CampaignPaused)) == 2


def test_three_complaints_in_a_thousand_stop_the_lane_and_the_campaign(mailing: Mailing) -> None:
    mailing.add_contacts(gmail(3))
    campaign = mailing.started()
    told(mailing, campaign, sent=300, bounced=0)

    def complain(number: int, **where: str) -> Fact:
        message = derive_id(0, b"complained", mailing.workspace.bytes, bytes([number]))
        about = dict.fromkeys(("message_id", "contact_id"), message)
        return Fact(message, EmailComplained(
            **about, campaign_id=campaign, feedback_type="abuse", **where
        ))  # fmt: skip

    old = complain(0)  # of before complaints said where they came from
    where = {"sending_domain": PLACE.sending_domain, "destination": PLACE.destination}
    mailing.worker.log.record([old, complain(1, **where)], asking(mailing.workspace))
    looked(mailing, Reputation(mailing.worker))
    assert (mailing.gate(campaign), mailing.of_type(LaneBlocked)) == ("open", [])
    more = [complain(2, **where), complain(3, **where)]
    mailing.worker.log.record(more, asking(mailing.workspace))
    looked(mailing, Reputation(mailing.worker))
    (paused,) = mailing.of_type(CampaignPaused)
    assert (paused.bad, paused.counted, paused.limit) == (4, 300, 0.003)
    (blocked,) = mailing.of_type(LaneBlocked)
    assert (blocked.cause, blocked.evidence.complained) == (BlockCause.COMPLAINT_RATE, 3)


def test_who_dies_in_the_middle_of_looking_has_decided_everything_once_in_the_end(
    mailing: Mailing,
) -> None:
    campaign = mailing.draft()
    told(mailing, campaign, sent=700, bounced=400)
    failpoints.arm(Failpoint.REPUTATION_LOOKED, failpoints.fail, on_hit=2)
    reputation = Reputation(mailing.worker)
    with pytest.raises(FailpointError):
        reputation.step()
    failpoints.disarm()
    Reputation(mailing.worker).step()
    reputation.step()
    blocked = [(event.sending_domain, event.destination) for event in mailing.of_type(LaneBlocked)]
    assert sorted(blocked) == [("acme.example", ALL), ("acme.example", "google"), (ALL, ALL)]


def test_a_workspace_that_is_stopped_gives_out_nothing_to_anybody(mailing: Mailing) -> None:
    mailing.add_contacts([*gmail(3), "o@example.com"])
    campaign = mailing.started()
    assert turns(mailing) == 2
    told(mailing, campaign, sent=700, bounced=400)
    Reputation(mailing.worker).step()
    mailing.ask("DELETE FROM lanes WHERE sending_domain <> 'all' RETURNING 1")
    mailing.ask("UPDATE campaign_runs SET gate = 'open' RETURNING 1")
    assert turns(mailing) == 0


def test_warm_up_books_exactly_its_hour_whoever_claims_and_whoever_restarts(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(gmail(120))
    mailing.started()
    lanes = PostgresLanes(mailing.app.pool)
    command = BeginWarmUp(place=PLACE, by_default=True)
    assert begin_warm_up(command, asking(mailing.workspace), mailing.app.log, lanes)
    (started,) = mailing.of_type(WarmUpStarted)
    assert started.per_hour == 50
    (run,) = RunFinder(mailing.worker.pool).sendable()

    def claim_some(_: int) -> int:
        queue = EmailQueue(mailing.worker.pool, owner=new_id())  # a dispatcher that just started
        DispatcherLeases(mailing.worker.pool).sign_on(queue.owner)
        return sum(len(queue.claim(run, limit=7)) for _ in range(3))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(claim_some, range(8))) == 50
    assert turns(mailing) == 50, "the rest waits, and is no turn"
    mailing.ask("UPDATE lanes SET hour_began = hour_began - interval '1 hour' RETURNING 1")
    assert sum(map(claim_some, range(3))) == 50


def test_a_rebuilt_sender_health_is_the_live_one(mailing: Mailing) -> None:
    campaign = mailing.draft()
    told(mailing, campaign, sent=700, bounced=400)
    Reputation(mailing.worker, rules=SOON).step()
    told(mailing, campaign, sent=20, bounced=1)
    Reputation(mailing.worker, rules=SOON).step()
    told(mailing, campaign, sent=3, bounced=1)
    assert mailing.of_type(LaneProbesGranted)
    assert len(mailing.ask("SELECT kind FROM sender_health")) == 2
    worker = mailing.worker
    with (
        worker.connection(Role.MIGRATOR) as owner,
        worker.connection(Role.WORKER) as filler,
        worker.connection(Role.WORKER) as live,
    ):
        projection = PROJECTIONS["sender_health"]
        verified = verify(Shadow(projection, worker.mapper, owner=owner, worker=filler), live)
    assert verified.ok, verified.samples
    assert verified.rows > 8


def test_a_day_of_warm_up_is_held_with_its_reason_and_a_block_steps_back(
    mailing: Mailing,
) -> None:
    lanes, campaign = PostgresLanes(mailing.app.pool), mailing.draft()
    command = BeginWarmUp(place=PLACE, by_default=True)
    begin_warm_up(command, asking(mailing.workspace), mailing.app.log, lanes)
    told(mailing, campaign, sent=180, bounced=9)
    (ripe,) = SenderWindows(mailing.worker.pool).ripe(now=now() + timedelta(days=1))
    day = SenderWindows(mailing.worker.pool).day(ripe)
    assert (day.full_hours, day.tally.delivered) == (1, 189)
    context = structs.replace(asking(mailing.workspace), now=now() + timedelta(days=1))
    ripen_lane(RipenLane(place=ripe.place, day=day), context, mailing.app.log, lanes)
    (held,) = mailing.of_type(WarmUpHeld)
    assert "there are 1" in held.reason
    told(mailing, campaign, sent=0, bounced=20)
    Reputation(mailing.worker).step()
    (back,) = mailing.of_type(WarmUpSteppedBack)
    assert (back.step, back.per_hour) == (0, 50)
    assert mailing.ask("SELECT state, hour_cap, warm_up FROM lanes WHERE destination = 'google'")
