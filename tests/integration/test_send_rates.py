"""Rates that are set bound what two dispatchers claim together, and can be lifted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from commands.delivery.set_send_rate import SetSendRate, set_send_rate
from domain.delivery.destination import MAILBOX_DOMAINS
from domain.delivery.send_rate_events import RateKind
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.send_rates import KnownRates, PostgresSendRates
from tests.integration.test_lanes import GOOGLE, claimer, turns
from tests.support.asking import asking
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


def test_what_the_release_knows_of_providers_is_in_the_database(worker: Adapters) -> None:
    with worker.pool.connection() as connection:
        known = dict(
            connection.execute(
                "SELECT domain, destination FROM destination_domains WHERE looked_up IS NULL"
            ).fetchall()
        )
    assert known.items() >= MAILBOX_DOMAINS.items()
