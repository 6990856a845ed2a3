"""Exports in tests: ask for one, let the worker write it, read what it wrote."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.privacy.export_filter import ExportFilter
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.signing import SigningKey
from infra.eventstore.sealer import seal_next
from infra.exports.exporter import Exporter, Hooks
from infra.exports.job import ExportJob
from infra.exports.manifest import Manifest
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.cli import ROOT
from workers.exporter import ExportWorker
from workers.runtime import Stop

Line = dict[str, Any]
DOOMED = """
import sys
from infra.failpoints import Failpoint, arm, die
from workers.cli.main import main
arm(Failpoint(sys.argv[1]), die, on_hit=int(sys.argv[2]))
main(sys.argv[3:])
"""
"""An `engine` that dies at a failpoint: its name, at which passing, the verb."""


def seal_everything(settings: Settings) -> None:
    sealer = Adapters(settings, role=Role.SEALER, name="test-sealer")
    with sealer.connection(Role.SEALER) as connection:
        while seal_next(connection, SigningKey(settings.secret_key)):
            pass
    sealer.close()


def job_of(workspace_id: UUID, *, open_personal: bool = False, **wanted: Any) -> ExportJob:
    return ExportJob(
        workspace_id=workspace_id,
        export_id=new_id(),
        filter=ExportFilter(**wanted),
        open_personal=open_personal,
        requested_by="test",
        requested_at=datetime(2026, 5, 4, tzinfo=UTC),
    )


@contextmanager
def exporter(worker: Adapters, *, hooks: Hooks | None = None) -> Iterator[Exporter]:
    key = SigningKey(worker.settings.secret_key)
    with worker.connection(Role.WORKER) as connection:
        yield Exporter(connection, worker.mapper, key, hooks=hooks or Hooks())


def export_to(worker: Adapters, path: Path, job: ExportJob) -> Manifest:
    with exporter(worker) as made:
        manifest = made.run(job, path, horizon=worker.reader.horizon())
    assert manifest is not None
    return manifest


def run_exports(worker: Adapters) -> None:
    exports, stop = ExportWorker(worker), Stop()
    while exports.step(stop):
        pass


def lines(path: Path, name: str) -> list[Line]:
    return [json.loads(line) for line in (path / name).read_text().splitlines()]


def unpacked(content: bytes, into: Path) -> Path:
    """Unpack a downloaded zip; return the directory with the export."""
    into.mkdir()
    archive = into / "export.zip"
    archive.write_bytes(content)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(into)
    (found,) = [path for path in into.iterdir() if path.is_dir()]
    return found


def zipped_lines(settings: Settings, workspace_id: UUID, export_id: UUID) -> list[Line]:
    """Return the events in the exporter's own file."""
    path = settings.exports_dir / str(workspace_id) / f"{export_id}.zip"
    with zipfile.ZipFile(path) as packed:
        content = packed.read(f"{export_id}/events.jsonl").decode()
    return [json.loads(line) for line in content.splitlines()]


def verdict(path: Path, settings: Settings) -> tuple[int, str]:
    """Ask the stand-alone verifier, which knows the installation's key from elsewhere."""
    key = SigningKey(settings.secret_key).public_key.hex()
    script = ROOT / "tools" / "verify_log.py"
    ended = subprocess.run(
        [sys.executable, "-I", script, path, "--public-key", key],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr
