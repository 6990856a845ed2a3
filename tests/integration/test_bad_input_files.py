"""Files that cannot be imported, by command line and by API: one clear refusal, nothing lost."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.files import csv_source, limits
from infra.settings import Settings
from tests.support.bad_files import BAD_FILES, BAD_ROWS, GOOD_PEOPLE, REJECTED, BadFile
from tests.support.cli import Engine, environment
from tests.support.engine import running_workers
from tests.support.http_client import House, found_house, serving
from tests.support.importing import ContactBook
from tests.support.working import catch_up, run_imports
from workers import import_checker

pytestmark = pytest.mark.integration

CSV = {"Content-Type": "text/csv"}
PLACE = "/v1/contacts/imports"
BY_COMMAND_LINE = (  # a process each; the API is asked about all of them
    "no e-mail column",
    "no bytes",
    "zip",
    "xlsx",
    "png",
    "NUL bytes in the header",
    "a header of 10,000 columns",
    "an unterminated quote in the header",
)


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


def check_names(bad: BadFile, sentence: str) -> None:
    assert all(name in sentence for name in bad.names), sentence


def test_the_command_line_refuses_them_before_anything_is_stored(
    settings: Settings, worker: Adapters, house: House, tmp_path: Path
) -> None:
    catch_up(worker)
    before = worker.reader.horizon()
    chosen = [BAD_FILES[name] for name in BY_COMMAND_LINE]
    files = [tmp_path / f"{name}.csv" for name in BY_COMMAND_LINE]
    for file, bad in zip(files, chosen, strict=True):
        file.write_bytes(bad.body)
    engine = Engine(environment(settings))
    sentences = engine.all_refused([("contacts", "import", str(file)) for file in files])
    for bad, sentence in zip(chosen, sentences, strict=True):
        check_names(bad, sentence)
    assert worker.reader.horizon() == before
    with worker.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM imports").fetchone() == (0,)
    assert ContactBook(worker, tmp_path, workspace_id=house.workspace_id).people() == []


def test_the_api_tells_it_of_the_import_and_the_next_one_is_read(
    client: httpx.Client, worker: Adapters
) -> None:
    ids = {}
    for name, bad in BAD_FILES.items():
        answer = client.post(PLACE, content=bad.body, headers=CSV)
        assert answer.status_code == 202, (name, answer.text)
        ids[name] = answer.json()["id"]
    good = client.post(PLACE, content=b"email\nann@example.com\n", headers=CSV).json()["id"]
    run_imports(worker)
    for name, bad in BAD_FILES.items():
        told = client.get(f"{PLACE}/{ids[name]}").json()
        assert (told["status"], told["error_code"], told["rows"]) == ("failed", bad.code, 0), name
        check_names(bad, told["error"])
    assert client.get(f"{PLACE}/{good}").json()["valid"] == 1
    catch_up(worker)
    (ann,) = client.get("/v1/contacts").json()["items"]
    assert ann["email"] == "ann@example.com"


def check_report(report: str, people: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(report.removeprefix("\ufeff"), newline="")))
    assert [(row["line"], row["reason_code"]) for row in rows] == [
        (line, code) for line, code, _ in REJECTED
    ]
    for row, (_, _, place) in zip(rows, REJECTED, strict=True):
        assert place in row["reason"], row
    names = ["quote", "long", "nul", "bytes"]
    assert [row["email"] for row in rows] == [f"{name}@example.com" for name in names]
    assert people == [f"{name}@example.com" for name in GOOD_PEOPLE]


def test_bad_rows_are_reported_and_the_rows_around_them_imported(
    settings: Settings, worker: Adapters, house: House, tmp_path: Path
) -> None:
    file, report = tmp_path / "rows.csv", tmp_path / "rejected.csv"
    file.write_bytes(BAD_ROWS)
    with running_workers(settings, "projector", "importer"):
        engine = Engine(environment(settings))
        told = engine.json("contacts", "import", str(file), "--rejected", str(report))
    del told["import_id"]
    assert told == {"rows": 9, "valid": 5, "duplicates": 0, "invalid": 4, "empty": 0}
    book = ContactBook(worker, tmp_path, workspace_id=house.workspace_id)
    check_report(report.read_bytes().decode(), book.readable())


def test_bad_rows_by_the_api_are_reported_alike(client: httpx.Client, worker: Adapters) -> None:
    import_id = client.post(PLACE, content=BAD_ROWS, headers=CSV).json()["id"]
    run_imports(worker)
    catch_up(worker)
    people = sorted(person["email"] for person in client.get("/v1/contacts").json()["items"])
    check_report(client.get(f"{PLACE}/{import_id}/rejected.csv").text, people)


def test_a_file_that_is_too_long_keeps_and_reports_what_was_read(
    settings: Settings,
    worker: Adapters,
    house: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert limits.MAX_ROWS % import_checker.CHUNK_ROWS == 0  # or the last rows before it were lost
    monkeypatch.setattr(csv_source, "MAX_ROWS", 4)
    monkeypatch.setattr(import_checker, "CHUNK_ROWS", 2)
    file, report = tmp_path / "long.csv", tmp_path / "rejected.csv"
    file.write_text(
        "email\nann@example.com\nbroken\nbob@example.com\nbob@example.com\nlate@x.org\n"
    )
    with running_workers(settings, "projector", "importer"):
        engine = Engine(environment(settings))
        sentence = engine.refused("contacts", "import", str(file), "--rejected", str(report))
    assert "import the rest, from line 6, as a second file" in sentence
    assert "(4 rows before it are imported)" in sentence
    assert report.read_text("utf-8-sig").count("example.com,4,5,duplicate,") == 1
    catch_up(worker)
    book = ContactBook(worker, tmp_path, workspace_id=house.workspace_id)
    assert book.readable() == ["ann@example.com", "bob@example.com"]


def test_a_mapping_that_does_not_fit_is_named(
    client: httpx.Client, settings: Settings, worker: Adapters, tmp_path: Path
) -> None:
    catch_up(worker)
    file = tmp_path / "people.csv"
    file.write_bytes(b"Who,Where\nann@example.com,Ghent\n")
    engine = Engine(environment(settings))
    sentences = engine.all_refused(
        [
            ("contacts", "import", str(file), "--map", "email=Nowhere"),
            ("contacts", "import", str(file), "--map", "email=Who", "--map", "1st=Where"),
        ]
    )
    for sentence, place in zip(sentences, ("“Nowhere”", "“1st”"), strict=True):
        assert place in sentence
    for mapping, code in (('{"email": "Nowhere"}', "unknown_column"), ('{"email": ""}', "no_")):
        answer = client.post(
            PLACE, content=file.read_bytes(), headers=CSV, params={"mapping": mapping}
        )
        run_imports(worker)
        told = client.get(f"{PLACE}/{answer.json()['id']}").json()
        assert told["error_code"].startswith(code)
