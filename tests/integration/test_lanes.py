"""What a lane allows is taken in the claim: caps, probes, buckets and kill switches."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.campaign_runs import CampaignRun, RunFinder
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.email_queue import EmailQueue
from infra.postgres.tenant_scope import tenant_scope
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration

GOOGLE = [f"g{n}@gmail.com" for n in range(30)]
OTHERS = [f"o{n}@example.com" for n in range(30)]


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    mailing = Mailing(app, worker)
    mailing.add_contacts(GOOGLE + OTHERS)
    mailing.started()
    return mailing


def turns(mailing: Mailing) -> dict[str, CampaignRun]:
    return {run.destination: run for run in RunFinder(mailing.worker.pool).sendable()}


def claimer(mailing: Mailing) -> EmailQueue:
    queue = EmailQueue(mailing.worker.pool, owner=new_id())
    DispatcherLeases(mailing.worker.pool).sign_on(queue.owner)
    return queue


def lane(mailing: Mailing, destination: str, **columns: object) -> None:
    domain = turns(mailing)[destination].sending_domain
    assert domain
    with tenant_scope(mailing.worker.pool, mailing.workspace) as cursor:
        cursor.execute(
            "INSERT INTO lanes (workspace_id, sending_domain, destination, state, hour_cap,"
            " probes_left) VALUES (%s, %s, %s, %s, %s, %s)",
            (
                mailing.workspace, domain, destination, columns.get("state", "open"),
                columns.get("hour_cap"), columns.get("probes_left", 0),
            ),
        )  # fmt: skip


def test_each_destination_is_a_turn_of_its_own(mailing: Mailing) -> None:
    found, queue = turns(mailing), claimer(mailing)
    assert set(found) == {"google", "other"}
    claimed = queue.claim(found["google"], limit=100)
    assert sorted(str(task.email) for task in claimed) == sorted(GOOGLE)


def test_an_hours_cap_is_never_passed_whoever_claims(mailing: Mailing) -> None:
    run = turns(mailing)["google"]
    lane(mailing, "google", hour_cap=10)
    queues = [claimer(mailing) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        claims = pool.map(lambda n: len(queues[n % 4].claim(run, limit=4)), range(12))
    assert sum(claims) == 10
    assert set(turns(mailing)) == {"other"}  # a closed lane is no turn
    assert len(queues[0].claim(turns(mailing)["other"], limit=100)) == 30
    mailing.ask("UPDATE lanes SET hour_began = hour_began - interval '1 hour' RETURNING 1")
    assert len(queues[0].claim(run, limit=100)) == 10


def test_a_blocked_lane_gives_nothing_and_a_probing_one_its_probes(mailing: Mailing) -> None:
    found, queue = turns(mailing), claimer(mailing)
    lane(mailing, "google", state="blocked")
    lane(mailing, "other", state="probing", probes_left=3)
    assert queue.claim(found["google"], limit=100) == []
    assert len(queue.claim(found["other"], limit=2)) == 2
    assert len(queue.claim(found["other"], limit=100)) == 1
    assert queue.claim(found["other"], limit=100) == []
    assert turns(mailing) == {}


@pytest.mark.parametrize("kind", ["workspace", "domain", "destination", "lane"])
def test_a_bucket_of_any_kind_bounds_a_claim(mailing: Mailing, kind: str) -> None:
    run, queue = turns(mailing)["google"], claimer(mailing)
    domain = run.sending_domain
    key = {"workspace": "", "domain": domain, "destination": "google", "lane": f"{domain} google"}
    with tenant_scope(mailing.worker.pool, mailing.workspace) as cursor:
        cursor.execute(
            "INSERT INTO send_rates VALUES (%s, %s, %s, 0.0001, 7, 7, clock_timestamp())",
            (mailing.workspace, kind, key[kind]),
        )
    assert len(queue.claim(run, limit=5)) == 5
    assert len(queue.claim(run, limit=5)) == 2
    assert queue.claim(run, limit=5) == []


def test_the_installations_bucket_bounds_every_workspace(mailing: Mailing) -> None:
    with tenant_scope(mailing.worker.pool, PLATFORM) as cursor:
        cursor.execute(
            "INSERT INTO send_rates VALUES (%s, 'destination', 'google', 0.0001, 4, 4, now())",
            (PLATFORM,),
        )
    assert len(claimer(mailing).claim(turns(mailing)["google"], limit=100)) == 4
    assert mailing.ask("SELECT round(tokens) FROM send_rates") == [(0,)]
    assert set(turns(mailing)) == {"other"}


@pytest.mark.parametrize("scope", ["global", "workspace", "campaign", "domain"])
def test_a_kill_switch_stops_claims_and_closes_the_gate(mailing: Mailing, scope: str) -> None:
    run, queue = turns(mailing)["google"], claimer(mailing)
    workspace = PLATFORM if scope == "global" else mailing.workspace
    key = {"campaign": str(run.campaign_id), "domain": run.sending_domain}.get(scope, "")
    with tenant_scope(mailing.worker.pool, workspace) as cursor:
        cursor.execute(
            "INSERT INTO kill_switches VALUES (%s, %s, %s, true, 'abuse', 1)",
            (workspace, scope, key),
        )
    assert queue.last_look(run, [])[0] == "stopped"
    assert queue.claim(run, limit=5) == []
    assert turns(mailing) == {}
    with tenant_scope(mailing.worker.pool, workspace) as cursor:
        cursor.execute("UPDATE kill_switches SET is_on = false")
    assert len(queue.claim(run, limit=5)) == 5
