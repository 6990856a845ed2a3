"""Who changes the log is found out, and the first bad position is named."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from click.testing import CliRunner

from domain.contacts.events import ContactImported
from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore import verified_pages
from infra.eventstore.commit_rows import CommitRow
from infra.eventstore.log_verify import LogVerifier
from infra.eventstore.reader import LogRow, read_page
from infra.eventstore.seal_rows import seal_at
from infra.eventstore.seals import PURPOSE
from infra.settings import Secret, Settings
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.cli import Answer, environment
from tests.support.logging_facts import record_facts
from tests.support.sealed_log import Sealed, seal_all, sealed_log
from workers.cli.main import main

pytestmark = pytest.mark.integration

OTHER = SigningKey(Secret("the key of somebody else, 32 bytes or more"))


class InProcess(msgspec.Struct):
    """The `engine` command without a process of its own."""

    settings: Settings

    def ask(self, *args: str) -> Answer:
        ended = CliRunner().invoke(main, args, env=environment(self.settings))
        return Answer(ended.exit_code, ended.stdout, ended.stderr)


@pytest.fixture
def log(
    app: Adapters, worker: Adapters, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sealed]:
    with sealed_log(app, worker, settings, monkeypatch) as log:
        yield log


def test_an_untouched_log_is_as_it_was_sealed(log: Sealed) -> None:
    found = log.verify()
    assert (found.ok, found.faults) == (True, [])
    assert (found.workspaces, found.events, found.seals, found.upto) == (2, 12, 4, 12)


CHANGED = "the event was changed"
MISSING = "the event is missing"
EXCHANGED = "the event was exchanged with that of position {}"
COMMIT_CHANGED = "the commit of this event was changed"
INSTANT = "interval '1 microsecond'"
PAIR = "(e.position, o.position) IN ((4, 5), (5, 4))"
SWAP = (
    "UPDATE events SET position = CASE position WHEN {0} THEN {1} ELSE {0} END"
    " WHERE position IN ({0}, {1})"
)
CHANGES = [
    ("UPDATE events SET data = set_byte(data, 3, 1) WHERE position = 7", 7, CHANGED),
    ("UPDATE events SET tag = 'contacts.import_failed.v2' WHERE position = 4", 4, CHANGED),
    (f"UPDATE events SET recorded_at = recorded_at - {INSTANT} WHERE position = 9", 9, CHANGED),
    ("UPDATE events SET version = 2 WHERE position = 1", 1, CHANGED),
    ("UPDATE events SET stream_id = uuidv7() WHERE position = 11", 11, CHANGED),
    ("UPDATE events SET kind = 'f' WHERE position = 1", 1, CHANGED),
    ("UPDATE events SET command_id = uuidv7() WHERE position = 4", 4, CHANGED),
    ("DELETE FROM events WHERE position = 1", 1, MISSING),
    ("DELETE FROM events WHERE position = 3", 3, MISSING),
    ("DELETE FROM events WHERE position = 5", 5, MISSING),
    ("DELETE FROM events WHERE position = 6", 6, MISSING),
    ("DELETE FROM events WHERE position = 12", 12, MISSING),
    ("DELETE FROM events WHERE position IN (8, 9, 10, 12)", 8, MISSING),
    ("DELETE FROM events WHERE position IN (2, 11)", 2, MISSING),
    ("UPDATE events SET position = 13 WHERE position = 6", 6, MISSING),
    (f"UPDATE events e SET data = o.data FROM events o WHERE {PAIR}", 4, EXCHANGED.format(5)),
    (SWAP.format(7, 9), 7, EXCHANGED.format(9)),
    (SWAP.format(3, 8), 3, CHANGED),  # in two seals: each sees one changed event
    ("UPDATE commits SET actor = 'nobody' WHERE last_position = 10", 10, COMMIT_CHANGED),
    ("UPDATE commits SET ip = '192.0.2.0' WHERE last_position = 1", 1, COMMIT_CHANGED),
    ("UPDATE commits SET command = 'x' WHERE last_position = 2", 2, COMMIT_CHANGED),
    ("UPDATE commits SET digest = digest || digest WHERE last_position = 2", 2, COMMIT_CHANGED),
    ("UPDATE commits SET causation_id = command_id WHERE last_position = 11", 11, COMMIT_CHANGED),
    ("DELETE FROM commits WHERE last_position = 10", 10, "the commit of this event is missing"),
]


def test_each_change_is_found_and_its_first_position_named(log: Sealed) -> None:
    for statement, position, what in CHANGES:
        with log.intruder.transaction(force_rollback=True):
            log.intruder.execute(statement.encode())
            [(found, of, said)] = log.faults()
        assert (found, of) == (position, log.two if position in {2, 11} else log.one), statement
        assert what in said, statement
    assert log.verify().ok


def test_a_leaf_covers_every_column_there_is(log: Sealed) -> None:
    covered = {"events": LogRow._fields, "commits": CommitRow._fields}
    for name, fields in covered.items():
        columns = log.intruder.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            (name,),
        ).fetchall()
        assert {column for (column,) in columns} == set(fields)


def test_an_event_moved_to_another_workspace_is_missed_in_one_and_too_many_in_the_other(
    log: Sealed,
) -> None:
    log.intruder.execute("UPDATE events SET workspace_id = %s WHERE position = 5", (log.two,))
    assert [(position, of) for position, of, _ in log.faults()] == [(5, log.one), (5, log.two)]


def test_an_erased_person_leaves_the_log_valid(
    log: Sealed, app: Adapters, worker: Adapters
) -> None:
    person = uuid4()
    app.log.record([fact(contact_imported(person))], asking(log.one))
    seal_all(worker, log.key)
    assert app.vault.destroy(log.one, person)

    assert log.verify().events == 13
    assert log.verify().ok
    [row] = read_page(log.intruder, 12)
    [opened] = app.mapper.open(log.one, [(app.mapper.decode(row.tag, row.data), row.data)])
    assert isinstance(opened, ContactImported)
    assert opened.email is None  # it was sealed, and nobody can open it any more


def test_a_row_that_was_put_in_later_is_named(log: Sealed) -> None:
    log.intruder.execute("UPDATE events SET position = position + 100 WHERE position = 12")
    log.intruder.execute(
        "INSERT INTO events SELECT 8, 'd', workspace_id, %s, 1, %s, recorded_at, tag, data"
        " FROM events WHERE position = 2",
        (uuid4(), uuid4()),
    )
    assert (8, log.two, "a row was added here after the log was sealed") in log.faults()


OF_ONE = "FROM log_seals o WHERE s.workspace_id = o.workspace_id AND s.workspace_id = {one}"
SEAL_CHANGES = [
    ("DELETE FROM log_seals WHERE workspace_id = {one} AND number = 1", 1, "seal 1 is missing"),
    ("DELETE FROM log_seals WHERE workspace_id = {one} AND number = 2", 6, "seal 2 is missing"),
    ("DELETE FROM log_seals WHERE workspace_id = {one} AND number = 3", 10, "in no seal"),
    (f"UPDATE log_seals s SET root = o.root {OF_ONE} AND s.number + 1 = o.number", 1, "signature"),
    (f"UPDATE log_seals s SET number = 5 - s.number {OF_ONE} AND s.number > 1", 6, "signature"),
    ("UPDATE log_seals SET last_position = 7 WHERE number = 2", 6, "signature of seal 2"),
]


def test_each_change_of_a_seal_is_found_and_the_start_of_its_range_named(log: Sealed) -> None:
    log.intruder.execute("ALTER TABLE log_seals DROP CONSTRAINT log_seals_pkey")
    for statement, position, what in SEAL_CHANGES:
        with log.intruder.transaction(force_rollback=True):
            log.intruder.execute(statement.replace("{one}", f"'{log.one}'").encode())
            [(found, of, said)] = log.faults()
        assert (found, of) == (position, log.one), statement
        assert what in said, statement
    assert log.verify().ok


def test_rows_where_no_reader_comes_are_found_too(
    log: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified_pages, "PAGE", 3)  # which could end between two rows of 3
    for position, said in (
        (-5, "a row was added here"),
        (3, "a row was added here"),
        (10**15, "beyond the end of the log"),
    ):
        with log.intruder.transaction(force_rollback=True):
            log.intruder.execute(
                "INSERT INTO events SELECT %s, 'd', %s, stream_id, 2, %s, recorded_at, tag, data"
                "  FROM events WHERE position = 2",
                (position, log.two, uuid4()),
            )
            [(found, of, what)] = log.faults()
        assert (found, of) == (position, log.two)
        assert said in what
    assert log.verify().ok


def test_a_row_that_no_driver_can_read_is_named(log: Sealed) -> None:
    log.intruder.execute("UPDATE events SET recorded_at = 'infinity' WHERE position = 8")
    [(position, of, what)] = log.faults()
    assert (position, of) == (8, log.one)
    assert "cannot be read" in what


def test_a_seal_signed_with_another_key_is_not_trusted(log: Sealed) -> None:
    seal = seal_at(log.intruder, log.one, 2)
    assert seal is not None
    forged = msgspec.structs.replace(seal, key_id=OTHER.key_id)
    log.intruder.execute(
        "UPDATE log_seals SET key_id = %s, signature = %s WHERE workspace_id = %s AND number = 2",
        (OTHER.key_id, OTHER.sign(PURPOSE, forged.hash), log.one),
    )
    [(position, of, said)] = log.faults()
    assert (position, of) == (6, log.one)
    assert "not trusted" in said


def test_an_index_that_was_changed_hides_the_place_but_not_the_fact(log: Sealed) -> None:
    log.intruder.execute("UPDATE log_seals SET index = set_byte(index, 0, get_byte(index, 0) # 1)")
    assert log.verify().ok  # the index only locates
    log.intruder.execute("UPDATE events SET data = set_byte(data, 3, 1) WHERE position = 7")
    [(position, _, said)] = log.faults()
    assert position == 6
    assert "which of 6 to 9" in said


def test_what_waits_longer_than_a_minute_for_its_seal_is_a_fault(
    log: Sealed, app: Adapters
) -> None:
    record_facts(app, log.two, 2)
    assert log.verify().ok
    log.intruder.execute(
        "UPDATE events SET recorded_at = recorded_at - interval '61 s' WHERE position = 13"
    )
    [(position, of, said)] = log.faults()
    assert (position, of) == (13, log.two)
    assert "engine worker sealer" in said


def test_a_log_that_is_being_written_and_sealed_verifies(
    log: Sealed, app: Adapters, worker: Adapters
) -> None:
    def write(_: int) -> None:
        record_facts(app, log.one, 2)
        seal_all(worker, log.key)

    keys = {log.key.key_id: log.key.public_key}
    assert LogVerifier(log.intruder, keys=keys).verify(seen=write).ok
    assert log.verify().events == 14


def test_the_commands_prove_tell_and_refuse(
    log: Sealed, app: Adapters, worker: Adapters, settings: Settings, tmp_path: Path
) -> None:
    engine = InProcess(settings)
    heads, trusted = tmp_path / "heads.json", ("--trust", log.key.public_key.hex())
    assert engine.ask("log", "public-key").out.strip() == log.key.public_key.hex()
    assert engine.ask("log", "checkpoints", "--output", str(heads)).code == 0
    assert engine.ask("log", "verify", "--against", str(heads), *trusted).code == 0

    record_facts(app, log.one, 3)
    seal_all(worker, log.key)
    newer = engine.ask("log", "verify", "--from-checkpoint", str(heads), "--json")
    assert (newer.code, newer.json["ok"], newer.json["events"]) == (0, True, 3)

    log.intruder.execute("UPDATE events SET data = set_byte(data, 3, 1) WHERE position = 14")
    found = engine.ask("log", "verify", "--workspace", str(log.one), "--json")
    assert (found.code, found.json["ok"]) == (1, False)
    assert [fault["position"] for fault in found.json["faults"]] == [14]
    assert engine.ask("log", "verify", "--workspace", str(log.two)).code == 0

    heads.write_text(heads.read_text().replace('"number": 1', '"number": 2'))
    refused = engine.ask("log", "verify", "--against", str(heads))
    assert refused.code == 1
    assert "is not signed with a trusted key" in refused.err


@pytest.mark.parametrize(
    ("rewrite", "said"),
    [
        ("UPDATE events SET data = set_byte(data, 3, 1) WHERE position = 4", "at or before"),
        ("DELETE FROM events WHERE position IN (10, 12)", "cut off"),
    ],
)
def test_whoever_signs_a_changed_log_again_is_found_by_the_heads_that_are_outside(
    log: Sealed, worker: Adapters, settings: Settings, tmp_path: Path, rewrite: str, said: str
) -> None:
    engine, heads = InProcess(settings), tmp_path / "heads.json"
    engine.ask("log", "checkpoints", "--output", str(heads))

    log.intruder.execute(rewrite.encode())
    log.intruder.execute("DELETE FROM log_seals")
    log.intruder.execute("DELETE FROM sealer_cursor")
    seal_all(worker, log.key)

    assert log.verify().ok  # the installation alone cannot know
    found = engine.ask("log", "verify", "--against", str(heads), "--json")
    [fault] = [f for f in found.json["faults"] if f["workspace_id"] == str(log.one)]
    assert (found.code, fault["seal"], fault["position"]) == (1, 3, 10)
    assert said in fault["what"]
    assert json.loads(heads.read_text())["public_key"] == log.key.public_key.hex()
