"""kill -9 of every part in mid-campaign: it comes back, and log, stats and mailbox agree."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.delivery.events import EmailBounced, EmailUncertain
from infra.embedded.postgres import EmbeddedPostgres
from schemas.messages import STREAM
from tests.support.campaign_evidence import Customer, Evidence, people
from tests.support.cli import Engine, environment
from tests.support.running_engine import RunningEngine, running_engine, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PEOPLE = 600
GONE = 30
RATE = "300"
IN_FLIGHT = 6 * 6  # messages: six chunks, each of what the rate allows in a fiftieth of a second
PARTS = [
    "relay",
    "sealer",
    "projector",
    "dispatcher",
    "expander",
    "policies",
    "scheduler",
    "importer",
    "api",
    "nats",
    "postgres",
    "mail-catcher",
]


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    with (
        tempfile.TemporaryDirectory(prefix="engine-test-") as directory,
        running_engine(Path(directory), ENGINE_SMTP_RATE=RATE) as engine,
    ):
        yield engine


@pytest.fixture
def customer(engine: RunningEngine) -> Customer:
    """Somebody whose people are imported, some of them gone from their mailbox."""
    customer = Customer(engine.settings)
    assert customer.imported(people(PEOPLE, bouncing=GONE))["valid"] == PEOPLE
    return customer


def in_mid_campaign(customer: Customer, *, share: float = 0.25, size: int = PEOPLE) -> UUID:
    """Launch, and return when that share of the audience has its mail."""
    before = customer.accepted()
    campaign = customer.launch()
    wait_until(lambda: customer.accepted() - before >= share * size, "the first mails")
    assert customer.ask(f"/v1/campaigns/{campaign}", "status") == "running"
    return campaign


def judged(customer: Customer, campaign: UUID) -> Evidence:
    """Wait for the end, compare everything, and return it."""
    customer.wait_until_completed(campaign)
    evidence = customer.evidence(campaign)
    assert evidence.disagreements() == []
    return evidence


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_and_the_campaign_completes(
    engine: RunningEngine, customer: Customer, part: str
) -> None:
    campaign = in_mid_campaign(customer)
    accepted = customer.mailbox()
    engine.wait_until_back(part, starts=engine.kill(part))
    evidence = judged(customer, campaign)
    assert customer.mailbox()[: len(accepted)] == accepted
    # Who stands between a dispatcher and its relay can be left in doubt, and a dispatcher
    # whose database is away for longer than its lease ends like a killed one.
    doubt = IN_FLIGHT if part in {"dispatcher", "mail-catcher", "postgres"} else 0
    assert evidence.count(EmailUncertain) <= doubt
    assert GONE - doubt <= evidence.count(EmailBounced) <= GONE
    bounced = evidence.count(EmailBounced)
    wait_until(lambda: customer.suppressed() == bounced, "the policy that suppresses")


def test_a_killed_database_backend_ends_no_campaign(
    engine: RunningEngine, customer: Customer
) -> None:
    campaign = in_mid_campaign(customer)
    server = EmbeddedPostgres(engine.data_dir)
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        found = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'engine-dispatcher'"
        ).fetchall()
        os.kill(found[0][0], signal.SIGKILL)
        # The server ends all sessions then, this one too, and recovers.
        wait_until(lambda: _is_cut_off(admin), "the server's recovery")
    assert judged(customer, campaign).count(EmailUncertain) <= IN_FLIGHT


@pytest.mark.parametrize("restarted", [True, False], ids=["and_restarted", "while_it_runs"])
def test_the_store_of_jetstream_may_be_deleted(
    engine: RunningEngine, customer: Customer, *, restarted: bool
) -> None:
    store = engine.data_dir / "nats"
    if not list(store.rglob(STREAM)):  # a test before deleted it under the running server
        engine.wait_until_back("nats", starts=engine.kill("nats"))
        wait_until(lambda: bool(list(store.rglob(STREAM))), "the stream, made again")
    campaign = in_mid_campaign(customer)
    assert list(store.rglob(STREAM)), "there was nothing to delete"
    shutil.rmtree(store / "jetstream")
    if restarted:
        engine.wait_until_back("nats", starts=engine.kill("nats"))
    evidence = judged(customer, campaign)
    assert evidence.count(EmailUncertain) == 0
    if restarted:
        wait_until(lambda: list(store.rglob(STREAM)), "the stream to be made again")


def test_an_expander_killed_at_the_launch_leaves_nobody_out(
    engine: RunningEngine, customer: Customer
) -> None:
    campaign = customer.launch()
    for _ in range(2):
        engine.wait_until_back("expander", starts=engine.kill("expander"))
    assert judged(customer, campaign).count(EmailUncertain) == 0


def test_a_killed_import_goes_on_where_it_was(engine: RunningEngine) -> None:
    customer = Customer(engine.settings)
    rows = people(12_000)
    path = customer.begin_import([*rows, *rows[:500]])
    for done in (2_000, 6_000):
        wait_until(lambda done=done: (customer.ask(path, "rows") or 0) >= done, "the first rows")
        assert customer.ask(path, "status") == "running"
        engine.wait_until_back("importer", starts=engine.kill("importer"))
    ended = customer.wait_for_import(path)
    assert (ended["status"], ended["rows"]) == ("completed", 12_500)
    assert (ended["valid"], ended["duplicates"]) == (12_000, 500)
    assert len(customer.contacts()) == 12_000


def test_all_parts_killed_one_after_another_in_one_campaign(engine: RunningEngine) -> None:
    customer = Customer(engine.settings)
    customer.imported(people(3_000, bouncing=GONE))
    campaign = in_mid_campaign(customer, share=0.05, size=3_000)
    for part in PARTS:
        engine.wait_until_back(part, starts=engine.kill(part))
    # The dispatcher and the catcher were killed, and the dispatcher's lease may have run out.
    assert judged(customer, campaign).count(EmailUncertain) <= 3 * IN_FLIGHT
    verified = Engine(environment(engine.settings)).json("log", "verify")
    assert verified["ok"], verified
    assert verified["events"] > 3_000


def _is_cut_off(admin: psycopg.Connection[tuple[object, ...]]) -> bool:
    try:
        admin.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False
