"""`engine log export` into a directory: proven, resumed, refused, and never open by accident."""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.exports.directory import FILES, PROGRESS
from infra.failpoints import Failpoint
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.cli import ROOT, Engine, command, environment
from tests.support.exporting import DOOMED, lines, seal_everything, verdict
from tests.support.http_client import House, found_house
from tests.support.working import catch_up

pytestmark = pytest.mark.e2e

EVENTS = 5_000


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return Engine(environment(settings))


@pytest.fixture
def house(app: Adapters, worker: Adapters, settings: Settings) -> House:
    """A workspace whose log has two large seals."""
    house = found_house(app)
    for _ in range(2):
        facts = [fact(contact_imported(new_id())) for _ in range(EVENTS)]
        app.log.record(facts, asking(house.workspace_id, actor="worker:importer"))
        seal_everything(settings)
    catch_up(worker)
    return house


@pytest.mark.usefixtures("house")
def test_an_export_is_proven_audited_and_resumed_after_a_kill(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    chosen = ("--actor", "worker:importer", "--type", "contacts", "--upto", str(2 * EVENTS + 2))
    told = engine.json("log", "export", *chosen, "--output", str(whole))
    assert (told["events"], told["commits"], told["unsealed_events"]) == (2 * EVENTS, 2, 0)
    code, said = verdict(whole, settings)
    assert (code, said[:16]) == (0, "as it was sealed")

    verb = ["log", "export", *chosen, "--output", str(cut)]
    died = subprocess.run(
        [sys.executable, "-c", DOOMED, Failpoint.EXPORTER_WRITTEN, "2", *verb],
        cwd=ROOT, env=engine.env, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert 0 < json.loads((cut / PROGRESS).read_bytes())["events"] < 2 * EVENTS
    assert engine.do(*verb).out.startswith(f"{2 * EVENTS:,} events and 2 commits in ")
    for name in FILES:
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert verdict(cut, settings)[0] == 0
    assert "holds a finished export" in engine.refused(*verb)

    tags = [line["tag"] for line in map(json.loads, engine.ask(
        "log", "export", "--type", "privacy").out.splitlines())]  # fmt: skip
    assert tags == ["privacy.export_requested.v1", "privacy.export_completed.v1"] * 2


@pytest.mark.usefixtures("house")
def test_a_full_disk_is_one_sentence_and_the_export_goes_on_afterwards(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "export"
    verb = ("log", "export", "--output", str(path))
    room = 4 * 1024 * 1024

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ended = subprocess.run(
        command(*verb), cwd=ROOT, env=engine.env, capture_output=True, timeout=60, check=False,
        preexec_fn=limited,
    )  # fmt: skip
    said = ended.stderr.decode()
    assert ended.returncode == 1
    assert said.startswith(f"Error: there is no room left at {path} (File too large): make room")
    engine.do(*verb)
    assert len(lines(path, "events.jsonl")) == 2 * EVENTS + 2
    assert verdict(path, settings)[0] == 0


def test_personal_fields_are_opened_into_a_directory_alone(
    engine: Engine, app: Adapters, worker: Adapters, tmp_path: Path
) -> None:
    house = found_house(app)
    app.log.record([fact(contact_imported(new_id()))], asking(house.workspace_id))
    catch_up(worker)
    assert "needs --output" in engine.refused("log", "export", "--open-personal", code=2)
    assert "ann@example.com" not in engine.ask("log", "export").out
    told = engine.json("log", "export", "--open-personal", "--output", str(tmp_path / "x"))
    assert (told["opened"], told["unsealed_events"] > 0) == (1, True)
    (line,) = [line for line in lines(tmp_path / "x", "events.jsonl") if "opened" in line]
    assert line["opened"]["email"] == "ann@example.com"


def test_what_cannot_be_exported_is_refused_before_it_is_recorded(
    engine: Engine, app: Adapters, worker: Adapters, tmp_path: Path
) -> None:
    found_house(app)
    catch_up(worker)
    before = worker.reader.horizon()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    assert "must be earlier" in engine.refused(
        "log", "export", "--since", "2026-01-02", "--until", "2026-01-01"
    )
    assert "no position lies between" in engine.refused(
        "log", "export", "--after", "7", "--upto", "7"
    )
    assert "is not empty" in engine.refused("log", "export", "--output", str(tmp_path / "full"))
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    assert worker.reader.horizon() == before
