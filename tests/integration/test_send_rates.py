"""Rates that are set bound what two dispatchers claim together, and can be lifted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from commands.delivery.bound_in_flight import BoundInFlight, bound_in_flight
from commands.delivery.set_send_rate import SetSendRate, set_send_rate
from domain.delivery.destination import MAILBOX_DOMAINS
from domain.delivery.send_rate_events import RateKind
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.campaign_runs import RunFinder
from infra.postgres.send_rates import KnownRates, PostgresSendRates
from tests.integration.test_lanes import GOOGLE, claimer, turns
from tests.support.asking import asking
from tests.support.faulty_smtp import Script
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration
SLOW = 0.001  # so slow that no token comes while the test runs


@pytest.mark.parametrize(
    ("kind", "key", "everybodys"),
    [
        (RateKind.WORKSPACE, "", False),
        (RateKind.DOMAIN, "acme.example", False),
        (RateKind.DESTINATION, "google", False),
        (RateKind.LANE, "acme.example google", False),
        (RateKind.DESTINATION, "google", True),
    ],
)
def test_a_rate_bounds_all_dispatchers_together_until_it_is_lifted(
    app: Adapters, worker: Adapters, kind: RateKind, key: str, *, everybodys: bool
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(GOOGLE)
    mailing.started()
    run, queues = turns(mailing)["google"], [claimer(mailing) for _ in range(2)]

    def bound(rate_per_s: float | None) -> None:
        command = SetSendRate(kind=kind, key=key, rate_per_s=rate_per_s, burst=7, by_operator=True)
        context = asking(PLATFORM if everybodys else mailing.workspace)
        set_send_rate(command, context, app.log, PostgresSendRates())

    bound(SLOW)
    with ThreadPoolExecutor(2) as pool:
        claims = pool.map(lambda n: len(queues[n % 2].claim(run, limit=2)), range(12))
    assert sum(claims) == 7
    bound(2 * SLOW)
    assert queues[0].claim(run, limit=30) == [], "a change of the rate fills nothing up"
    (known,) = KnownRates(app.pool).of(mailing.workspace)
    assert (known.kind, known.key, known.everybodys) == (kind, key, everybodys)
    bound(None)
    assert len(queues[0].claim(run, limit=30)) == len(GOOGLE) - 7
    assert KnownRates(app.pool).of(mailing.workspace) == []


@pytest.mark.parametrize(
    ("kind", "key", "everybodys"),
    [
        (RateKind.WORKSPACE, "", False),
        (RateKind.LANE, "acme.example google", False),
        (RateKind.DESTINATION, "google", True),
    ],
)
def test_no_more_are_in_flight_than_allowed_whoever_claims_and_a_dead_ones_places_are_free(
    app: Adapters, worker: Adapters, kind: RateKind, key: str, *, everybodys: bool
) -> None:
    mailings = [Mailing(app, worker) for _ in range(2 if everybodys else 1)]
    for mailing in mailings:
        mailing.add_contacts(GOOGLE)
        mailing.started()
    runs = [turns(mailing)["google"] for mailing in mailings]
    if everybodys:
        runs = [r for r in RunFinder(worker.pool).sendable() if r.destination == "google"]
    queues = [claimer(mailings[0]) for _ in range(2)]

    def bound(most: int | None) -> None:
        command = BoundInFlight(kind=kind, key=key, max_in_flight=most, by_operator=True)
        context = asking(PLATFORM if everybodys else mailings[0].workspace)
        bound_in_flight(command, context, app.log, PostgresSendRates())

    def claimed() -> int:
        with ThreadPoolExecutor(2) as pool:
            claims = pool.map(
                lambda n: len(queues[n % 2].claim(runs[n % len(runs)], limit=3)), range(12)
            )
            return sum(claims)

    bound(7)
    assert claimed() == 7
    with worker.pool.connection() as connection:
        connection.execute(
            "UPDATE dispatchers SET alive_until = clock_timestamp() WHERE dispatcher_id = %s",
            (queues[0].owner,),
        )
    assert claimed() == 0, "what a dead one holds is in flight until it is sorted out"
    (freed,) = mailings[0].ask(
        "SELECT count(*) FROM email_tasks WHERE locked_by = %s", queues[0].owner
    )[0]
    mailings[0].schedule_all()
    queues[0] = claimer(mailings[0])
    assert claimed() >= freed > 0
    (known,) = KnownRates(app.pool).in_flight(mailings[0].workspace)
    assert (known.kind, known.key, known.max_in_flight) == (kind, key, 7)
    bound(None)
    assert len(queues[0].claim(runs[0], limit=30)) > 7
    assert KnownRates(app.pool).in_flight(mailings[0].workspace) == []


def test_a_bounded_campaign_goes_out_whole(app: Adapters, worker: Adapters) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(GOOGLE)
    command = BoundInFlight(kind=RateKind.DESTINATION, key="google", max_in_flight=20)
    bound_in_flight(command, asking(mailing.workspace), app.log, PostgresSendRates())
    mailing.started()
    mailing.dispatch_to(Script())
    assert mailing.counted()["EmailSent"] == len(GOOGLE)


def test_what_the_release_knows_of_providers_is_in_the_database(worker: Adapters) -> None:
    with worker.pool.connection() as connection:
        known = dict(
            connection.execute(
                "SELECT domain, destination FROM destination_domains WHERE looked_up IS NULL"
            ).fetchall()
        )
    assert known.items() >= MAILBOX_DOMAINS.items()
