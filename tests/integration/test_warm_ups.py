"""Warm-ups that begin by themselves, in the way of the mail from its queueing to its claim."""

import pytest
from msgspec import structs

from domain.delivery.lane_events import WarmUpStarted
from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.counting_sink import counting_sink
from tests.support.sending import Mailing
from workers.audience_expander import AudienceExpander
from workers.warm_ups import WarmUps

pytestmark = pytest.mark.integration
VERIFIED = """
INSERT INTO sending_domains (workspace_id, domain_id, domain, state, added_at, waiting_since,
                             records, next_check_at)
VALUES (%s, gen_random_uuid(), 'acme.example', 'verified', now(), now(), '[]', 'infinity')
RETURNING 1
"""


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    made = Mailing(app, worker)
    made.add_contacts([f"g{n}@gmail.com" for n in range(60)])
    return made


def begun(mailing: Mailing) -> list[tuple[str, str, int]]:
    found = mailing.of_type(WarmUpStarted)
    return sorted((one.sending_domain, one.destination, one.per_hour) for one in found)


def test_a_verified_domain_begins_with_fifty_an_hour_to_whom_it_never_sent_to(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(["o@example.com"])
    mailing.ask(VERIFIED, mailing.workspace)
    mailing.launch(mailing.draft())
    mailing.expand(page=20)
    assert begun(mailing) == [("acme.example", "google", 50), ("acme.example", "other", 50)]
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=lambda: mailing.counted()["EmailSent"] >= 51)
        assert sink.accepted().total() == 51
    mailing.started()
    assert len(begun(mailing)) == 2, "the second campaign finds both on their way"
    assert "new to this destination" in mailing.of_type(WarmUpStarted)[0].reason


def test_what_sends_already_goes_on_without_a_cap_and_what_it_never_sent_to_is_new(
    mailing: Mailing,
) -> None:
    mailing.started()
    mailing.ask(VERIFIED, mailing.workspace)
    mailing.started()
    assert begun(mailing) == [], "unverified mail made it an established sender"
    mailing.add_contacts(["y@yahoo.com"])
    mailing.started()
    assert begun(mailing) == [("acme.example", "yahoo", 50)]


def test_the_sandbox_and_an_installation_that_says_off_begin_none(mailing: Mailing) -> None:
    mailing.ask(VERIFIED, mailing.workspace)
    worker = mailing.worker
    campaign = mailing.draft()
    mailing.project()
    mailing.launch(campaign)
    mailing.ask("UPDATE campaign_runs SET sandbox = true RETURNING 1")
    mailing.expand()
    assert begun(mailing) == []
    off = structs.replace(worker.settings.domains, warm_up=False)
    worker.settings = structs.replace(worker.settings, domains=off)
    mailing.started()
    assert begun(mailing) == [], "off"


def test_who_dies_between_the_warm_up_and_the_queue_begins_it_once(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.ask(VERIFIED, mailing.workspace)
    begin = WarmUps.begin

    def dies(*args: object, **more: object) -> None:
        begin(*args, **more)  # type: ignore[arg-type]  # passed on as they come
        raise ConnectionError

    monkeypatch.setattr(WarmUps, "begin", dies)
    with pytest.raises(ConnectionError):
        mailing.started()
    monkeypatch.setattr(WarmUps, "begin", begin)
    while AudienceExpander(mailing.worker).step():
        pass
    assert (begun(mailing), mailing.tasks()) == ([("acme.example", "google", 50)], 60)


def test_lanes_at_the_shell(mailing: Mailing, settings: Settings) -> None:
    mailing.project()
    engine = Engine(environment(settings, ENGINE_WORKSPACE=str(mailing.workspace)))
    reason, lane = ("--reason", "we were warm elsewhere"), ("acme.example", "google")
    assert "every lane is open" in engine.do("lanes", "list").out
    assert "nothing was decided" in engine.refused("lanes", "show", *lane)
    engine.do("lanes", "restart-warm-up", *lane, *reason)
    shown = engine.do("lanes", "show", *lane).out
    assert "allowed_now: 50" in shown
    assert "needs: the next step" not in shown
    assert "needs: 4 hours" in shown
    engine.do("lanes", "block", *lane, *reason)
    (row,) = engine.json("lanes", "list")
    assert (row["state"], row["warm_up"]["allowed_now"]) == ("blocked", 0)
    engine.do("lanes", "open", *lane, *reason)
    engine.do("lanes", "skip-warm-up", "all", "all", *reason)
    mailing.ask(VERIFIED, mailing.workspace)
    mailing.add_contacts(["y@yahoo.com"])
    mailing.started()
    assert begun(mailing) == [("acme.example", "google", 50)], "the workspace needs none any more"
