"""Exports hold exactly what was asked for, can be proven, and go on after anything."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.privacy.export_filter import ExportFilter
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.exports.directory import FILES, PROGRESS, ExportDirectoryError
from infra.exports.exporter import Hooks
from infra.exports.job import Progress
from infra.exports.manifest import Manifest
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import contact_imported, email_opened, email_sent, fact
from tests.support.exporting import export_to, exporter, job_of, lines, seal_everything, verdict
from tests.support.http_client import found_house

pytestmark = pytest.mark.integration

CAMPAIGN = UUID("0196a000-0000-7000-8000-000000000007")
PEOPLE = 12


@pytest.fixture
def workspace(app: Adapters, settings: Settings) -> UUID:
    """A log of some actors and types, sealed in a few seals, with another workspace between."""
    house = found_house(app).workspace_id
    other = found_house(app, "Somebody else").workspace_id
    people = [new_id() for _ in range(PEOPLE)]
    seal_everything(settings)
    for who, actor, events in (
        (house, "worker:importer", [contact_imported(p, email=f"{p}@example.com") for p in people]),
        (other, "worker:importer", [contact_imported(p) for p in people]),
        (house, "worker:dispatcher", [email_sent(CAMPAIGN, p) for p in people]),
        (house, "tracking", [email_opened(CAMPAIGN, people[0])]),
    ):
        app.log.record([fact(e) for e in events], asking(who, actor=actor))
        if actor == "worker:dispatcher":
            seal_everything(settings)
    seal_everything(settings)
    return house


def whole_log(worker: Adapters, workspace: UUID) -> list[Any]:
    return [r for page in worker.reader.pages(0) for r in page if r.workspace_id == workspace]


def actors_of(worker: Adapters) -> dict[UUID, str]:
    with worker.pool.connection() as connection:
        return dict(connection.execute("SELECT command_id, actor FROM commits").fetchall())


def test_each_filter_is_exact_against_a_naive_look_and_proven(
    workspace: UUID, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    log, actors = whole_log(worker, workspace), actors_of(worker)
    mid = log[len(log) // 2]
    cases: list[tuple[dict[str, Any], Any]] = [
        ({}, lambda _: True),
        ({"after": log[3].position, "upto": mid.position},
         lambda r: log[3].position < r.position <= mid.position),
        ({"since": mid.recorded_at}, lambda r: r.recorded_at >= mid.recorded_at),
        ({"until": mid.recorded_at}, lambda r: r.recorded_at < mid.recorded_at),
        ({"actor": "worker:importer"}, lambda r: actors[r.command_id] == "worker:importer"),
        ({"type": "delivery"}, lambda r: r.tag.startswith("delivery.")),
        ({"type": log[-1].tag}, lambda r: r.tag == log[-1].tag),
        ({"stream_id": log[0].stream_id}, lambda r: r.stream_id == log[0].stream_id),
        ({"type": "deliver"}, lambda _: False),
        ({"after": log[-1].position + 100}, lambda _: False),
    ]  # fmt: skip
    for number, (wanted, holds) in enumerate(cases):
        path = tmp_path / str(number)
        manifest = export_to(worker, path, job_of(workspace, **wanted))
        expected = [row for row in log if holds(row)]
        events = lines(path, "events.jsonl")
        assert [line["position"] for line in events] == [row.position for row in expected], wanted
        assert [base64.b64decode(line["data"]) for line in events] == [r.data for r in expected]
        commits = {line["command_id"]: line["actor"] for line in lines(path, "commits.jsonl")}
        assert commits.keys() >= {
            str(row.command_id)
            for row in expected
            if row.position == max(r.position for r in log if r.command_id == row.command_id)
        }
        assert all(actors[UUID(command)] == actor for command, actor in commits.items())
        assert (manifest.counts.events, manifest.counts.commits) == (len(events), len(commits))
        assert manifest.counts.unsealed_events == 0
        code, said = verdict(path, settings)
        assert code == 0, (wanted, said)
    assert verdict(tmp_path / "0", settings)[1].startswith("as it was sealed: ")


def test_a_flipped_byte_is_named_and_an_event_left_out_is_missed(
    workspace: UUID, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    export_to(worker, tmp_path / "x", job_of(workspace, type="delivery"))
    file = tmp_path / "x" / "events.jsonl"
    told = file.read_text()
    events = told.splitlines(keepends=True)
    victim = json.loads(events[4])
    data = bytearray(base64.b64decode(victim["data"]))
    data[7] ^= 1
    forged = victim | {"data": base64.b64encode(data).decode()}
    spoilt = {
        "flipped": [*events[:4], json.dumps(forged) + "\n", *events[5:]],
        "left out": [*events[:4], *events[5:]],
        "doubled": [*events[:5], *events[4:]],
        "exchanged": [*events[:4], events[5], events[4], *events[6:]],
        "cut": events[:-1],
    }
    for fault, content in spoilt.items():
        file.write_text("".join(content))
        code, said = verdict(tmp_path / "x", settings)
        assert code == 1, (fault, said)
        if fault in {"flipped", "left out"}:
            assert f"position {victim['position']}" in said, (fault, said)
    file.write_text(told)
    assert verdict(tmp_path / "x", settings)[0] == 0


def test_personal_fields_stand_open_beside_the_sealed_payload_only_when_asked(
    workspace: UUID, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"
    export_to(worker, sealed, job_of(workspace))
    manifest = export_to(worker, opened, job_of(workspace, open_personal=True))
    assert "example.com" not in "".join((sealed / name).read_text() for name in FILES[:2]).replace(
        "news@example.com", ""
    )
    shown = [line for line in lines(opened, "events.jsonl") if "opened" in line]
    imported = [line for line in shown if line["tag"].startswith("contacts.")]
    assert {line["opened"]["email"] for line in imported} == {
        f"{line['decoded']['contact_id']}@example.com" for line in imported
    }
    assert len(imported) == PEOPLE
    assert manifest.counts.opened == len(shown) > PEOPLE
    assert not any("email" in line["decoded"] or "~" in line["decoded"] for line in shown)
    for path in (sealed, opened):
        assert verdict(path, settings)[0] == 0
        assert oct(path.stat().st_mode)[-3:] == "700"
        assert {oct(file.stat().st_mode)[-3:] for file in path.iterdir()} == {"600"}


def test_an_erased_person_is_not_opened_and_the_export_stays_provable(
    workspace: UUID, app: Adapters, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    export_to(worker, before, job_of(workspace))
    person = UUID(lines(before, "events.jsonl")[5]["decoded"]["contact_id"])
    export_to(worker, tmp_path / "warm", job_of(workspace, open_personal=True))
    app.vault.destroy(workspace, person)  # another process: ours still has the key in memory
    after = tmp_path / "after"
    export_to(worker, after, job_of(workspace, open_personal=True))
    shown = {
        line["decoded"].get("contact_id"): "opened" in line
        for line in lines(after, "events.jsonl")
        if line["tag"].startswith("contacts.")
    }
    assert shown.pop(str(person)) is False
    assert all(shown.values())
    for path in (before, after):
        assert verdict(path, settings)[0] == 0


class StoppedError(Exception):
    """The export ended here, as a killed one does."""


def same_files(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in FILES)


def test_an_export_cut_off_anywhere_goes_on_and_is_the_same_to_the_byte(
    workspace: UUID, worker: Adapters, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("infra.exports.exporter.KEEP_EVERY", 1)
    job = job_of(workspace, open_personal=True)
    export_to(worker, tmp_path / "whole", job)
    path, cuts = tmp_path / "cut", 0

    def run(until: int) -> Manifest | None:
        seen = 0

        def kept(_: Progress) -> None:
            nonlocal seen
            seen += 1
            if seen == until:
                raise StoppedError

        with exporter(worker, hooks=Hooks(kept=kept)) as made:
            return made.run(job, path, horizon=worker.reader.horizon())

    while True:
        try:
            run(1)
            break
        except StoppedError:
            cuts += 1
            app_more(worker, workspace)  # what comes later is not in it
            seal_everything(settings)
            for name in FILES:
                with (path / name).open("ab") as file:
                    file.write(b'{"half a l')
    assert cuts >= 2
    assert same_files(tmp_path / "whole", path)
    assert verdict(path, settings)[0] == 0
    assert not (path / PROGRESS).exists()


def app_more(worker: Adapters, workspace: UUID) -> None:
    worker.log.record([fact(contact_imported(new_id()))], asking(workspace))


def test_a_directory_that_is_not_as_it_was_left_is_refused(
    workspace: UUID, worker: Adapters, tmp_path: Path
) -> None:
    job = job_of(workspace)
    path = tmp_path / "x"
    with exporter(worker, hooks=Hooks(stop=lambda: True)) as made:
        assert made.run(job, path, horizon=worker.reader.horizon()) is None
    other = msgspec.structs.replace(job, filter=ExportFilter(type="delivery"))
    with pytest.raises(ExportDirectoryError, match="with other options"):
        export_to(worker, path, other)
    progress = json.loads((path / PROGRESS).read_bytes())
    progress["sizes"]["events.jsonl"] += 1
    (path / PROGRESS).write_text(json.dumps(progress))
    with pytest.raises(ExportDirectoryError, match="shorter than"):
        export_to(worker, path, job)
    (path / PROGRESS).write_text("{")
    with pytest.raises(ExportDirectoryError, match="damaged"):
        export_to(worker, path, job)
    (path / PROGRESS).unlink()
    with pytest.raises(ExportDirectoryError, match="not empty"):
        export_to(worker, path, job)
    export_to(worker, tmp_path / "y", job)
    with pytest.raises(ExportDirectoryError, match="finished export"):
        export_to(worker, tmp_path / "y", job)
