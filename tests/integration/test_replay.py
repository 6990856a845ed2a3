"""A read model as it was is the fold of the log's beginning, and can only be read."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import polars as pl
import psycopg
import pytest

from infra.analysis.as_of import QueryRefusedError, read_model_as_of
from infra.analysis.moments import position_at
from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.cli import ROOT, Engine, environment
from tests.support.old_history import (
    MONTH_BEFORE,
    a_campaign,
    archive_everything_old,
    make_partition,
    mixed_history,
    whole_log,
)
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

Rows = dict[str, list[tuple[object, ...]]]


def served(app: Adapters, workspace: UUID) -> Rows:
    """All rows of every served table, as one workspace sees them, as text."""
    with tenant_scope(app.pool, workspace) as cursor:
        return {
            table.name: sorted(
                cursor.execute(f"SELECT t::text FROM {table.name} t".encode()).fetchall()
            )
            for projection in PROJECTIONS.values()
            for table in projection.tables
        }


def replayed(worker: Adapters, workspace: UUID, position: int) -> Rows:
    found: Rows = {}
    for projection in PROJECTIONS.values():
        with read_model_as_of(
            worker, projection, workspace_id=workspace, position=position
        ) as model:
            for table in model.tables:
                frames = model.query(f"SELECT t::text FROM {table} t")
                found[table] = sorted(pl.concat(list(frames)).rows())
    return found


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as admin:
        rows = admin.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'as_of%'")
        return [row[0] for row in rows]


@pytest.fixture
def workspace(app: Adapters, worker: Adapters) -> UUID:
    make_partition(worker, MONTH_BEFORE)
    workspace, other = uuid4(), uuid4()
    mixed_history(app, workspace)
    mixed_history(app, other)
    return workspace


def test_every_model_is_the_fold_of_the_log_up_to_there(
    app: Adapters, worker: Adapters, workspace: UUID
) -> None:
    catch_up(worker)
    before, position = served(app, workspace), worker.reader.horizon()
    app.log.record(a_campaign(uuid4()), asking(workspace))
    catch_up(worker)
    archive_everything_old(worker)
    assert served(app, workspace) != before
    assert replayed(worker, workspace, position) == before
    assert replayed(worker, workspace, worker.reader.horizon()) == served(app, workspace)
    assert schemas(worker.settings.database_url) == []


@pytest.mark.usefixtures("workspace")
def test_a_time_means_the_position_that_the_log_had_then(worker: Adapters) -> None:
    archive_everything_old(worker)
    rows = whole_log(worker)
    for row in rows[:: len(rows) // 9]:
        of_that_time = [r.position for r in rows if r.recorded_at <= row.recorded_at]
        assert position_at(worker.reader, row.recorded_at) == of_that_time[-1]
    assert position_at(worker.reader, rows[0].recorded_at - timedelta(seconds=1)) == 0
    assert position_at(worker.reader, rows[-1].recorded_at + timedelta(days=1)) == (
        worker.reader.horizon()
    )


def test_a_query_reads_one_workspace_and_nothing_else(worker: Adapters, workspace: UUID) -> None:
    catch_up(worker)
    with read_model_as_of(
        worker, PROJECTIONS["campaign_stats"], workspace_id=workspace, position=10**9
    ) as model:
        for query, sentence in (
            ("DELETE FROM campaign_stats", "syntax error"),
            ("WITH d AS (DELETE FROM campaign_stats RETURNING 1) SELECT * FROM d", "DECLARE"),
            ("SELECT 1; COMMIT", "multiple commands"),
            ("SELECT nothing FROM campaign_stats", "tables of campaign_stats are: campaign_stats"),
            ("SELECT * FROM contacts", "does not exist"),
            ("SELECT set_config('app.workspace', gen_random_uuid()::text, true)", "workspace"),
            ("SELECT 1 AS a, 2 AS a", "AS"),
        ):
            with pytest.raises(QueryRefusedError, match=sentence):
                list(model.query(query))
        seen = pl.concat(list(model.query("SELECT DISTINCT workspace_id FROM campaign_stats")))
        assert seen["workspace_id"].to_list() == [str(workspace)]
        assert len(pl.concat(list(model.query()))) == 2


DIES = """
import os, signal, sys
from uuid import UUID
from infra.analysis.as_of import read_model_as_of
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from projections.registry import PROJECTIONS

adapters = Adapters(load_settings(), role=Role.WORKER, name="dies")
with read_model_as_of(adapters, PROJECTIONS["contact_list"], workspace_id=UUID(sys.argv[1]),
                      position=100, seen=lambda _: os.kill(os.getpid(), signal.SIGKILL)):
    pass
"""


def test_what_a_killed_replay_left_the_next_one_drops(
    settings: Settings, worker: Adapters, workspace: UUID
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(workspace)],
        cwd=ROOT,
        env=environment(settings),
        check=False,
        timeout=60,
    )
    assert died.returncode == -signal.SIGKILL
    [left] = schemas(settings.database_url)
    model = PROJECTIONS["campaign_stats"]
    with read_model_as_of(worker, model, workspace_id=workspace, position=50) as one:
        with read_model_as_of(worker, model, workspace_id=workspace, position=50) as two:
            assert {one.schema, two.schema} <= set(schemas(settings.database_url)), "both live"
        assert schemas(settings.database_url) == [one.schema] != [left]
    assert schemas(settings.database_url) == []


def test_the_verb_prints_and_writes(
    settings: Settings, worker: Adapters, workspace: UUID, tmp_path: Path
) -> None:
    catch_up(worker)
    engine = Engine(environment(settings))
    last = whole_log(worker)[-1]
    asked = ("log", "replay", "--model", "contact_list", "--workspace", str(workspace))
    found = engine.json(
        *asked, "--as-of", last.recorded_at.isoformat(), "--query", "SELECT count(*) FROM contacts"
    )
    assert found == [{"count": 60}]
    for file in (tmp_path / "contacts.parquet", tmp_path / "contacts.csv"):
        engine.do(*asked, "--as-of", str(last.position), "--output", str(file))
    parquet = pl.read_parquet(tmp_path / "contacts.parquet")
    csv = pl.read_csv(tmp_path / "contacts.csv")
    assert len(parquet) == len(csv) == 60
    assert parquet["contact_id"].to_list() == csv["contact_id"].to_list()
    refused = engine.refused(*asked, "--as-of", "1", "--query", "DROP TABLE contacts")
    assert "The tables of contact_list are: contacts" in refused
