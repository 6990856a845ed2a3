"""Any process may die or fail at any named point: what was asked for is in the log once, and all
read models say what the log says, with nobody's help.

A schedule is drawn from its seed: FAULT_SEEDS=200 runs more of them, and a failed one is
repeated by its number.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace
from nats.js.errors import NotFoundError

from domain.contacts.events import ContactSuppressed, ContactUnsubscribed
from domain.privacy.decider import erasure_stream
from domain.privacy.events import ContactAnonymized
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.failpoints import Failpoint
from infra.nats.connection import connect
from infra.postgres.connections import Role
from infra.settings import Settings
from schemas.messages import STREAM
from tests.support.fault_roles import ROLES, Armed, Intent, facts_of, play, role_of
from tests.support.log_invariants import faults_of
from tests.support.sending import environment

pytestmark = [pytest.mark.integration, pytest.mark.slow]

POINTS = [point for point in Failpoint if role_of(point) in ROLES]
"""The exporter's points have a test of their own: tests/e2e/test_audit_exports.py."""
SEEDS = int(os.environ.get("FAULT_SEEDS", "4"))
ROUNDS = 5
TRIES = 6
KILLED = -9


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.support.fault_roles"])
    return context


class Stage:
    """An installation with its processes, and what was asked of it so far."""

    def __init__(
        self, forks: ForkServerContext, settings: Settings, worker: Adapters, room: Path
    ) -> None:
        self.forks, self.worker, self.room = forks, worker, room
        self.settings = settings
        self.environment = environment(settings, smtp_port=1)
        self.asked: list[Intent] = []

    def start(self, role: str, armed: Armed | None, intents: Sequence[Intent]) -> ForkServerProcess:
        child = self.forks.Process(target=play, args=(self.environment, role, armed, intents))
        child.start()
        return child

    def run(self, intents: Sequence[Intent], armed: Armed | None = None) -> int | None:
        """Let every role do its work, one of them armed; return that one's exit code."""
        self.asked += [intent for intent in intents if intent not in self.asked]
        ended: dict[str, int | None] = {}
        for roles in (["appender"], [role for role in ROLES if role != "appender"]):
            children = {
                role: self.start(role, armed if armed and role_of(armed.point) == role else None,
                                 intents)
                for role in roles
            }  # fmt: skip
            for role, child in children.items():
                child.join(120)
                ended[role] = child.exitcode
        others = {code for role, code in ended.items() if not armed or role != role_of(armed.point)}
        assert others <= {0}, ended
        return ended[role_of(armed.point)] if armed else 0

    def recover(self, intents: Sequence[Intent]) -> None:
        """Start everything again, unarmed, as a supervisor does; then all must be well."""
        for _ in range(TRIES):
            self.run(intents)
            if self.settled():
                break
        assert faults_of(self.worker) == []
        self.assert_told_once()

    def settled(self) -> bool:
        with self.worker.pool.connection() as connection:
            row = connection.execute(
                "SELECT (SELECT max(position) FROM events) <= least("
                " (SELECT min(position) FROM projections),"
                " (SELECT min(position) FROM policy_cursors), (SELECT position FROM sealer_cursor),"
                " (SELECT min(position) FROM relay_cursor))"
            ).fetchone()
        return bool(row and row[0])

    def assert_told_once(self) -> None:
        """Every fact, decision and reaction that was asked for stands in the log once."""
        expected = {
            f.fact_id for i in self.asked if i.verb in {"import", "bounce"} for f in facts_of(i)
        }
        bounced = {p for i in self.asked if i.verb == "bounce" for p in i.people}
        left = {p for i in self.asked if i.verb == "leave" for p in i.people}
        rows = [row for page in self.worker.reader.pages(0) for row in page]
        facts = [row.stream_id for row in rows if row.version == 0]
        assert sorted(facts) == sorted(expected)
        assert self.streams(rows, ContactUnsubscribed.TAG) == sorted(left)
        assert self.streams(rows, ContactSuppressed.TAG) == sorted(bounced)
        erased = {p for i in self.asked if i.verb == "erase" for p in i.people}
        anonymized = [r.stream_id for r in rows if r.tag == ContactAnonymized.TAG]
        assert sorted(anonymized) == sorted(map(erasure_stream, erased))
        for intent in self.asked:
            if intent.verb == "import":
                ciphers = self.worker.vault.ciphers(intent.workspace, intent.people, mint=False)
                assert ciphers.keys() == set(intent.people) - erased

    @staticmethod
    def streams(rows: Sequence[object], tag: str) -> list[UUID]:
        return sorted(row.stream_id for row in rows if row.tag == tag)  # type: ignore[attr-defined]


@pytest.fixture
def stage(
    forks: ForkServerContext, settings: Settings, nats_server: EmbeddedNats, tmp_path: Path
) -> Iterator[Stage]:
    there = replace(settings, nats_url=nats_server.url())
    wipe(there)  # positions begin at 1 in every database
    worker = Adapters(there, role=Role.WORKER, name="judge")
    yield Stage(forks, there, worker, tmp_path)
    worker.close()


def wipe(settings: Settings) -> None:
    """Delete the stream with all its consumers."""

    async def delete() -> None:
        client = await connect(settings.nats_url, name="test")
        try:
            await client.jetstream().delete_stream(STREAM)
        except NotFoundError:
            pass
        finally:
            await client.close()

    asyncio.run(delete())


def cut_all_links(settings: Settings) -> None:
    """End every session of the engine in the log's database, in whatever it is doing."""
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def intents_of(rng: Random, workspaces: Sequence[UUID]) -> list[Intent]:
    """Draw one of each verb; who is erased has been imported and mailed before."""
    workspace = rng.choice(workspaces)
    people = [UUID(int=rng.getrandbits(128), version=4) for _ in range(rng.randint(3, 30))]

    def intent(verb: str, whom: Sequence[UUID]) -> Intent:
        return Intent(verb, workspace, UUID(int=rng.getrandbits(128), version=4), whom)

    return [
        intent("import", people),
        intent("bounce", people[1:]),
        intent("leave", people[:1]),
        intent("erase", people[-1:]),
    ]


@pytest.mark.parametrize("point", POINTS)
def test_every_point_may_kill_or_fail(stage: Stage, point: Failpoint) -> None:
    rng = Random(point)
    workspaces = [UUID(int=rng.getrandbits(128), version=4)]
    for action in ("die", "fail"):
        mark = stage.room / action
        intents = intents_of(rng, workspaces)
        ended = stage.run(intents, Armed(point, action, 1, mark))
        assert mark.exists(), "nobody passed the point"
        assert ended == (KILLED if action == "die" else 0)
        if action == "die":
            stage.run(intents)
    stage.recover(intents)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_schedule_of_faults_ends_well(stage: Stage, seed: int) -> None:
    rng = Random(seed)
    workspaces = [UUID(int=rng.getrandbits(128), version=4) for _ in range(2)]
    given: list[Intent] = []
    for number in range(ROUNDS):
        given += intents_of(rng, workspaces)
        armed = Armed(
            rng.choice(POINTS),
            rng.choice(["die", "fail"]),
            rng.randint(1, 3),
            stage.room / str(number),
        )
        stage.run(given, armed)
        for disaster in (wipe, cut_all_links):
            if rng.random() < 0.3:
                disaster(stage.settings)
    stage.recover(given)
