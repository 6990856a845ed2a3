"""The stand-alone verifier: alone, it believes true exports and names what is wrong in others."""

import base64
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.evidence import heads_file
from infra.eventstore.reader import LogRow
from infra.eventstore.seal_rows import newest_seals
from infra.settings import Secret, Settings
from tests.support.exported_log import Lines, Row, export, read_lines, sign, write_lines
from tests.support.sealed_log import Sealed, seal_all, sealed_log

pytestmark = pytest.mark.integration

TOOL = Path(__file__).parents[2] / "tools" / "verify_log.py"
AS_SEALED, WRONG, NO_EXPORT = 0, 1, 2
Change = Callable[[Lines], Any]
_spec = importlib.util.spec_from_file_location("verify_log", TOOL)
assert _spec is not None
assert _spec.loader is not None
verify_log = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verify_log)


class Verifier(msgspec.Struct, frozen=True):
    """The tool in a process that finds nothing of ours, over one export."""

    folder: Path
    key: SigningKey

    def here(self, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
        """Do the same in this process."""
        code = verify_log.main([str(self.folder)])
        return code, capsys.readouterr().out

    def __call__(self, *options: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-I", str(TOOL), str(self.folder), *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def log(
    app: Adapters, worker: Adapters, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sealed]:
    with sealed_log(app, worker, settings, monkeypatch) as log:
        yield log


@pytest.fixture
def verifier(log: Sealed, tmp_path: Path) -> Verifier:
    export(log.intruder, log.one, tmp_path, key=log.key)
    return Verifier(tmp_path, log.key)


def one_event(row: Row) -> bool:
    return isinstance(row, LogRow) and row.position == 7


def some(row: Row) -> bool:
    return (row.position if isinstance(row, LogRow) else row.last_position) in {1, 4, 5, 9, 12}


def test_whole_and_filtered_exports_are_believed(
    log: Sealed, verifier: Verifier, tmp_path: Path
) -> None:
    code, said = verifier("--public-key", log.key.public_key.hex())
    assert (code, "13 rows, 3 seals" in said) == (AS_SEALED, True)
    for wanted, rows in ((one_event, 1), (some, 7), (lambda _: False, 0)):
        folder = tmp_path / str(rows)
        folder.mkdir()
        export(log.intruder, log.one, folder, key=log.key, wanted=wanted)
        code, said = Verifier(folder, log.key)()
        assert (code, f"{rows} rows, 3 seals" in said) == (AS_SEALED, True), said


def flip_a_byte(events: Lines) -> None:
    data = bytearray(base64.b64decode(events[4]["data"]))
    data[5] ^= 1
    events[4]["data"] = base64.b64encode(data).decode()


def exchange(events: Lines) -> None:
    events[1]["data"], events[2]["data"] = events[2]["data"], events[1]["data"]


CHANGES: list[tuple[str, Change, str]] = [
    ("events.jsonl", flip_a_byte, "position 6: the event or its commit is not what was sealed"),
    ("events.jsonl", exchange, "position 3: the event or its commit is not"),
    ("events.jsonl", lambda e: e[3].update(recorded_at_us=1), "position 5: the event or its"),
    ("events.jsonl", lambda e: e.pop(0), "position 1: the event or its commit is not"),
    ("events.jsonl", lambda e: e.pop(5), "position 7: a row (the event, or its commit) is missing"),
    ("events.jsonl", lambda e: e.pop(), "position 12: the event or its commit is not"),
    ("events.jsonl", lambda e: e.insert(2, e[1]), "position 3: a row that was not sealed stands"),
    ("commits.jsonl", lambda c: c[1].update(actor="x"), "position 10: the event or its commit is"),
    ("commits.jsonl", lambda c: c.pop(0), "position 1: a row (the event, or its commit) is"),
    ("seals.jsonl", lambda s: s.pop(1), "seal 3 (from position 10) does not follow"),
    ("seals.jsonl", lambda s: s.pop(), "seal"),
    ("seals.jsonl", lambda s: s[0].update(last_position=7), "the signature of seal 1"),
    ("seals.jsonl", lambda s: s[1].update(index=""), ""),
]


@pytest.mark.parametrize("signed_again", [False, True])
def test_each_change_of_an_export_is_found_and_its_position_named(
    log: Sealed,
    verifier: Verifier,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    signed_again: bool,
) -> None:
    for name, change, what in CHANGES:
        folder = tmp_path / "changed"
        shutil.copytree(verifier.folder, folder, ignore=shutil.ignore_patterns("changed"))
        lines = read_lines(folder / name)
        change(lines)
        write_lines(folder / name, lines)
        if signed_again:
            sign(folder, log.one, log.key)  # whoever made the export made it wrong
        code, said = Verifier(folder, log.key).here(capsys)
        harmless = not what and signed_again  # the index only locates
        assert code == (AS_SEALED if harmless else WRONG), (name, what, said)
        assert what in said
        shutil.rmtree(folder)


def test_an_export_under_another_key_is_not_believed(log: Sealed, verifier: Verifier) -> None:
    stranger = SigningKey(Secret("the key of somebody else, 32 bytes or more"))
    sign(verifier.folder, log.one, stranger)
    code, said = verifier("--public-key", log.key.public_key.hex())
    assert (code, "not signed with a trusted key" in said) == (WRONG, True)
    code, said = verifier()
    assert (code, "which is not trusted" in said) == (WRONG, True)


def test_an_export_of_a_log_that_was_signed_again_is_found_by_the_heads_outside(
    log: Sealed, worker: Adapters, verifier: Verifier
) -> None:
    heads = verifier.folder / "heads.json"
    kept = heads_file(newest_seals(log.intruder, [log.one]), log.key.public_key)
    heads.write_bytes(msgspec.json.encode(kept))
    assert verifier("--heads", str(heads))[0] == AS_SEALED

    log.intruder.execute("UPDATE events SET data = set_byte(data, 3, 1) WHERE position = 4")
    log.intruder.execute("DELETE FROM log_seals")
    log.intruder.execute("DELETE FROM sealer_cursor")
    seal_all(worker, log.key)
    export(log.intruder, log.one, verifier.folder, key=log.key)
    assert verifier()[0] == AS_SEALED
    code, said = verifier("--heads", str(heads))
    assert (code, "rewritten at or before position 12" in said) == (WRONG, True)


def test_what_is_no_export_is_refused(verifier: Verifier) -> None:
    (verifier.folder / "events.jsonl").write_text("no JSON\n")
    code, said = verifier()
    assert (code, "not an export that can be read" in said) == (NO_EXPORT, True)
