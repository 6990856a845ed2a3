"""Read models that must be rebuilt are rebuilt unasked, beside those that serve."""

import asyncio
from contextlib import ExitStack
from uuid import uuid4

import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.postgres.policy_cursors import PolicyCursor
from infra.projecting.ahead import bring_back
from infra.projecting.checkpoint import AheadOfLogError, position_of
from infra.projecting.rebuild import rebuild
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import email_sent, fact
from tests.support.cli import Engine, environment, until, worker_process
from tests.support.http_client import found_house, serving
from tests.support.people import ANN, BOB, People
from tests.support.touchy_projection import Touchy, checkpoint, installed, shadow_of, told, verified
from tests.support.working import catch_up
from workers.projector import Projector

pytestmark = pytest.mark.integration


def test_an_outdated_read_model_serves_until_the_projector_has_built_the_new_one(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    workspace, campaign = uuid4(), uuid4()
    app.log.record([fact(email_sent(campaign, uuid4())) for _ in range(3)], asking(workspace))
    catch_up(worker)
    old = PROJECTIONS["campaign_stats"].version - 1
    with worker.pool.connection() as connection:  # what an older release built
        connection.execute(
            "UPDATE projections SET version = %s WHERE name = 'campaign_stats'", (old,)
        )
        connection.execute("UPDATE campaign_stats SET sent = 2")
    engine = Engine(environment(settings))
    assert engine.json("db", "migrate")["rebuilds_due"] == ["campaign_stats"]
    assert "at version" in engine.refused("projections", "verify", "campaign_stats")

    catch_up(worker)  # by a projector of this release, without rebuilds
    assert checkpoint(worker, "campaign_stats")[0] == old
    with worker.pool.connection() as connection:
        assert connection.execute("SELECT sent FROM campaign_stats").fetchall() == [(2,)]

    with worker_process("projector", environment(settings)):
        until(lambda: checkpoint(worker, "campaign_stats")[0] == old + 1)
    with worker.pool.connection() as connection:
        assert connection.execute("SELECT sent FROM campaign_stats").fetchall() == [(3,)]
        assert connection.execute("SELECT FROM projection_rebuilds").fetchall() == []
    assert verified(worker, PROJECTIONS["campaign_stats"]).ok


def test_a_newer_release_s_read_model_is_left_alone(people: People, worker: Adapters) -> None:
    (ann,) = people.come(ANN)
    installed(worker, Touchy(version=2))
    projector = Projector(worker, [Touchy()])
    projector.feed([])
    assert projector.due == {}
    assert told(worker) == {}
    newer = Projector(worker, [Touchy(version=2)])
    newer.feed([])
    assert told(worker) == {ANN: [ann]}
    for each in (projector, newer):
        asyncio.run(each.close())


@pytest.fixture
def people(app: Adapters) -> People:
    return People(app)


def test_followers_ahead_of_a_restored_log_are_named_and_brought_back(
    people: People, worker: Adapters, settings: Settings
) -> None:
    (end, *_) = reversed(people.come(ANN, BOB))
    catch_up(worker)
    with worker.pool.connection() as connection:
        connection.execute("UPDATE projections SET position = %s WHERE name = 'audit'", (end + 10,))
        connection.execute("DELETE FROM audit_log")
        connection.execute("INSERT INTO policy_cursors (policy, position) VALUES ('p', %s)", (
            end + 10,
        ))  # fmt: skip
        connection.execute(
            "INSERT INTO relay_cursor (shard, position, published) VALUES (0, %s, %s)",
            (end + 10, f'{{"contacts": {end + 10}, "tenancy": 1}}'),
        )
    projector = Projector(worker, PROJECTIONS.values())
    projector.feed([])
    assert projector.due == {
        "audit": f"it is at position {end + 10}, the log ends at {end}: one of them was restored"
    }
    asyncio.run(projector.close())
    with worker.connection(Role.WORKER) as connection:
        with pytest.raises(AheadOfLogError, match="engine projections rebuild audit"):
            position_of(connection, PROJECTIONS["audit"])
        relay = connection.execute("SELECT position, published FROM relay_cursor").fetchone()
        assert relay == (end, {"contacts": end, "tenancy": 1})
        assert bring_back(connection) == ["audit"], "the others are back"
    assert PolicyCursor(worker.pool, "p").position() == end

    (after,) = people.leave(ANN)
    with worker_process("projector", environment(settings)):
        until(lambda: checkpoint(worker, "audit")[1] == after)
    assert verified(worker, PROJECTIONS["audit"]).ok
    with worker.pool.connection() as connection:
        events = connection.execute("SELECT sum(events) FROM audit_log").fetchone()
    assert events == (3,), "nothing skipped, nothing twice"


def test_the_api_says_when_an_older_table_lacks_what_it_asks_for(
    app: Adapters, worker: Adapters
) -> None:
    house = found_house(app)
    catch_up(worker)
    with serving(app) as client:
        client.headers.update(house.headers)
        with worker.connection(Role.MIGRATOR) as owner:
            owner.execute("UPDATE projections SET version = 0 WHERE name = 'campaign_list'")
            assert client.get("/v1/campaigns").status_code == 200, "old tables serve what they have"
            owner.execute("ALTER TABLE campaigns DROP COLUMN audience")
        answer = client.get("/v1/campaigns")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "being rebuilt" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "5"


def test_old_workers_feed_the_old_tables_until_the_swap_and_new_ones_take_over(
    people: People, worker: Adapters
) -> None:
    """A rolling upgrade: two releases run at once, and readers never see an old answer last."""
    (ann,) = people.come(ANN)
    installed(worker, Touchy())
    old, new = Projector(worker, [Touchy()]), Projector(worker, [Touchy(version=2)])
    old.feed([])
    with ExitStack() as links:
        shadow = shadow_of(worker, Touchy(version=2), links)

        def meanwhile(_: int) -> None:
            if BOB not in told(worker):
                people.come(BOB)
            new.feed([])
            old.feed([])
            assert BOB in told(worker), "kept up to date beside the rebuild"

        assert rebuild(shadow, progress=meanwhile).events == 2
    (ann_left,) = people.leave(ANN)

    def is_told() -> bool:
        old.feed([])
        new.feed([])
        return told(worker)[ANN] == [ann, ann_left]

    new._look_at = old._look_at = 0.0
    until(is_told)
    assert checkpoint(worker) == (2, ann_left)
    assert old._live == {}, "it left the new tables alone"
    for each in (old, new):
        asyncio.run(each.close())
