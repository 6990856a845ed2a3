"""Analysts read slices of the log as frames; what they read is what the log says."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pandas as pd
import polars as pl
import pytest

from domain.contacts.events import ImportFailed
from domain.delivery.events import EmailSent
from domain.shared.model import Event
from infra.analysis.analyst_log import AnalystLog, PandasMissingError, to_pandas
from infra.analysis.parquet_days import OtherSliceError, write_days
from infra.analysis.slices import LogSlice, UnknownTypeError
from infra.bootstrap import Adapters
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import LogReader, LogRow
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import fact
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


@pytest.fixture
def workspace(app: Adapters, worker: Adapters) -> UUID:
    """Two workspaces' events, old and new, half of them archived."""
    make_partition(worker, MONTH_BEFORE)
    workspace, other = uuid4(), uuid4()
    mixed_history(app, workspace)
    mixed_history(app, other)
    archive_everything_old(worker)
    app.log.record(a_campaign(uuid4()), asking(workspace))
    return workspace


def header(row: LogRow) -> tuple[object, ...]:
    return (
        row.position, str(row.workspace_id), str(row.stream_id), row.version,
        str(row.command_id), row.recorded_at, row.tag,
    )  # fmt: skip


def test_a_frame_is_the_log_read_one_by_one(worker: Adapters, workspace: UUID) -> None:
    log, rows = AnalystLog(worker), whole_log(worker)
    assert log.scan().collect(engine="streaming").rows() == [
        (*header(row), row.data.decode()) for row in rows
    ]
    middle = rows[len(rows) // 2]
    slices: list[tuple[LogSlice, Sequence[LogRow]]] = [
        (LogSlice(workspace_id=workspace), [r for r in rows if r.workspace_id == workspace]),
        (LogSlice(after=20, upto=90), [r for r in rows if 20 < r.position <= 90]),
        (
            LogSlice(since=middle.recorded_at, until=rows[-1].recorded_at),
            [r for r in rows if middle.recorded_at <= r.recorded_at < rows[-1].recorded_at],
        ),
        (
            LogSlice(types=("engagement", "delivery.email_sent")),
            [r for r in rows if r.tag.startswith(("engagement.", "delivery.email_sent."))],
        ),
        (LogSlice(stream_id=middle.stream_id), [middle]),
    ]
    for part, expected in slices:
        found = log.scan(part).select("position").collect()["position"].to_list()
        assert found == [row.position for row in expected], part
        assert found, part
    by_type = log.scan().group_by("tag").len().collect(engine="streaming")
    assert dict(by_type.iter_rows())["delivery.email_sent.v1"] == sum(
        row.tag == EmailSent.TAG for row in rows
    )


def test_an_event_type_has_a_column_for_each_field(worker: Adapters, workspace: UUID) -> None:
    log = AnalystLog(worker)
    part = LogSlice(workspace_id=workspace)
    sent = [r for r in whole_log(worker) if r.tag == EmailSent.TAG and r.workspace_id == workspace]
    events = [worker.mapper.decode(row.tag, row.data) for row in sent]
    frame = log.events("delivery.email_sent", part).collect(engine="streaming")
    fields = [
        "message_id", "campaign_id", "contact_id", "attempt", "relay", "reply", "sandbox",
        "sending_domain", "destination",
    ]  # fmt: skip
    assert frame.columns == [*log.scan().collect_schema().names()[:-1], *fields]
    assert frame.select(fields).rows() == [
        (str(e.message_id), str(e.campaign_id), str(e.contact_id),
         e.attempt, e.relay, None, e.sandbox, e.sending_domain, e.destination)
        for e in events if isinstance(e, EmailSent)
    ]  # fmt: skip
    opened = log.events("delivery.email_sent.v1", part, open_personal=True).collect()
    assert set(opened["reply"]) == {"250 ok"}
    imported = log.events("contacts.contact_imported", part, open_personal=True).collect()
    assert set(imported["fields"]) == {'{"city":"Ulm"}'}
    founded = log.events("tenancy.workspace_created").collect()
    assert founded["event_workspace_id"].to_list() == founded["workspace_id"].to_list()
    with pytest.raises(ValueError, match="in one workspace: name both"):
        log.events("delivery.email_sent", open_personal=True)
    with pytest.raises(UnknownTypeError, match=r"there are .*delivery\.email_sent"):
        log.scan(LogSlice(types=("delivery.email_flown",)))
    with pytest.raises(UnknownTypeError, match="not one event type"):
        log.events("delivery")


class CountingReader(LogReader):
    """The log's reader; counts what is asked of it."""

    pages_read = 0

    def page(self, after: int, *, upto: int | None = None, limit: int = 37) -> Sequence[LogRow]:
        self.pages_read += 1
        return super().page(after, upto=upto, limit=min(limit, 37))


class CountingMapper(Mapper):
    """The mapper; counts what it decodes."""

    decoded = 0

    def decode(self, tag: str, data: bytes) -> Event:
        self.decoded += 1
        return super().decode(tag, data)


def test_only_the_pages_and_columns_that_are_needed_are_read(
    worker: Adapters, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.analysis.scan.PAGE", 37)
    reader, mapper = CountingReader(worker.pool), CountingMapper(worker.vault)
    worker.__dict__.update(reader=reader, mapper=mapper)
    log = AnalystLog(worker)
    kind = "engagement.email_opened"
    hits = log.events(kind, LogSlice(workspace_id=workspace))

    assert len(log.scan().head(30).collect()) == 30
    assert reader.pages_read == 1
    reader.pages_read = 0
    log.scan(LogSlice(after=10, upto=80)).collect()
    assert reader.pages_read <= 3

    by_day = hits.group_by(pl.col("recorded_at").dt.date()).len().collect(engine="streaming")
    assert (by_day["len"].sum(), mapper.decoded) == (30, 0), "no event field, no event decoded"
    contacts = hits.filter(pl.col("position") > 0).select(pl.col("contact_id").n_unique())
    assert contacts.collect(engine="streaming").item() == 30
    assert mapper.decoded == 30, "and no event of another type or workspace"


GROWTH_MIB = 80
COUNTS = """
from pathlib import Path
from infra.analysis.analyst_log import open_log
from infra.analysis.slices import LogSlice
import polars as pl

def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
with open_log() as log:
    count = lambda part: (log.events("contacts.import_failed", part).filter(pl.col("code") != "no")
        .group_by("reason").agg(pl.len()).collect(engine="streaming")["len"].sum())
    first = count(LogSlice(upto=20_000)); small = peak()
    print(first, count(LogSlice()), peak() - small)
"""


@pytest.mark.slow
def test_a_long_log_takes_no_more_memory_than_a_short_one(
    app: Adapters, settings: Settings
) -> None:
    """As Python objects or as one frame the 200,000 rows of 500 bytes would be over 200 MiB."""
    workspace = uuid4()
    long = "x" * 500
    for _ in range(40):
        app.log.record(
            [fact(ImportFailed(import_id=workspace, code="c", reason=long)) for _ in range(5_000)],
            asking(workspace),
        )
    done = subprocess.run(
        [sys.executable, "-c", COUNTS],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    first, all_of_them, growth_mib = map(int, done.stdout.split())
    assert (first, all_of_them) == (20_000, 200_000)
    assert growth_mib < GROWTH_MIB


def read_back(directory: Path) -> list[tuple[object, ...]]:
    files = sorted(directory.glob("day=*/*.parquet"))
    return pl.concat(pl.read_parquet(file, hive_partitioning=False) for file in files).rows()


class CutOffError(Exception):
    """The process ends here."""


def test_parquet_by_day_read_again_is_the_log_also_after_a_cut(
    app: Adapters,
    worker: Adapters,
    workspace: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infra.analysis.parquet_days.ROWS_A_PART", 100)
    monkeypatch.setattr("infra.analysis.scan.PAGE", 37)
    worker.__dict__.update(reader=CountingReader(worker.pool))
    log, output = AnalystLog(worker), tmp_path / "out"
    source = log.source(LogSlice(workspace_id=workspace))

    def cut(position: int) -> None:
        raise CutOffError(position)

    with pytest.raises(CutOffError):
        write_days(source, output, seen=cut)
    day = next(output.glob("day=*"))
    (day / "part-000000000000999-000000000001000.parquet").write_bytes(b"was not counted")
    (day / "part-000000000000001-000000000000001.writing").write_bytes(b"half")
    written = write_days(source, output)
    assert written.parts >= 2
    expected = log.scan(LogSlice(workspace_id=workspace)).collect()
    assert read_back(output) == expected.rows()
    assert {folder.name for folder in output.glob("day=*")} == {
        f"day={day}" for day in expected["recorded_at"].dt.date()
    }
    assert list(output.glob("*/*.writing")) == []
    scanned = pl.scan_parquet(output / "**/*.parquet", hive_partitioning=True)
    assert scanned.select(pl.len()).collect().item() == len(expected)

    app.log.record(a_campaign(uuid4()), asking(workspace))
    assert write_days(source, output).events == len(a_campaign(uuid4()))
    assert read_back(output) == log.scan(LogSlice(workspace_id=workspace)).collect().rows()
    assert write_days(source, output).events == 0
    with pytest.raises(OtherSliceError, match="holds another slice"):
        write_days(log.source(LogSlice()), output)


def test_pandas_where_it_is_there(
    worker: Adapters, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = AnalystLog(worker).events("delivery.email_sent", LogSlice(workspace_id=workspace))
    frame = to_pandas(sent)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == sent.collect_schema().names()
    assert frame["attempt"].sum() == len(sent.collect())
    monkeypatch.setattr("infra.analysis.analyst_log.find_spec", lambda _name: None)
    with pytest.raises(PandasMissingError, match=r"pip install 'email-engine\[pandas\]'"):
        to_pandas(sent)


def test_the_verb_writes_a_slice(
    settings: Settings, worker: Adapters, workspace: UUID, tmp_path: Path
) -> None:
    catch_up(worker)
    engine, output = Engine(environment(settings)), tmp_path / "sent"
    sent = ("--type", "delivery.email_sent", "--output", str(output))
    done = engine.json(
        "log", "to-parquet", *sent, "--fields", "--open-personal", "--workspace", str(workspace)
    )
    found = pl.read_parquet(output / "**/*.parquet")
    assert (done["events"], found["reply"].unique().to_list()) == (len(found), ["250 ok"])
    assert engine.refused("log", "to-parquet", *sent).startswith(f"{output} holds another slice")
