"""`engine demo` as a program meets it, and its judgement of figures that do not agree."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from infra.settings import Settings
from tests.support.running_engine import ROOT, left_of
from tests.support.shared_data import shared_data
from workers.demo.mailbox import Mail
from workers.demo.readers import Behaviour
from workers.demo.report import disagreements, figures
from workers.demo.running_engine import running_engine
from workers.demo.story import Sending, Told, tell
from workers.demo.visitor import EMAIL, Visitor

FIELDS = [
    "rows",
    "valid",
    "duplicates",
    "invalid",
    "empty",
    "sent",
    "accepted",
    "duplicate_sends",
    "lost",
    "opened",
    "clicked",
    "unsubscribed",
    "skipped",
    "projections_verified",
    "log_verified",
    "seconds",
]
GONE = 5
RATE = 100  # a second; without a limit it is a few hundred


def contact_file(folder: Path, *, valid: int, duplicates: int, invalid: int, empty: int) -> Path:
    rows = [f"gone{n}@bounce.example.com,Gone,{n}" for n in range(GONE)]
    rows += [f"Person{n}@example.com,Pérson {n},Ltd" for n in range(valid - GONE)]
    rows += [f"PERSON{n}@EXAMPLE.COM,again," for n in range(duplicates)]
    rows += [f"not an address {n},," for n in range(invalid)] + [",,"] * empty
    file = folder / "people.csv"
    file.write_text("\n".join(["E-Mail,First name,Company", *rows, ""]), encoding="utf-8")
    return file


# The judgement, on figures made by hand.


def sending(mails: list[Mail], *, facts: int, **changed: int) -> Sending:
    stats = dict.fromkeys(
        ("queued", "bounced", "failed", "uncertain", "skipped", "opened", "clicked"), 0
    )
    stats |= {"sent": facts, "queued": facts, "unsubscribed": 0} | changed
    return Sending(campaign_id=uuid4(), stats=stats, facts=facts, mails=mails, seconds=1)


def mail(who: str) -> Mail:
    return Mail(recipient=f"{who}@example.com", message_id=f"<{uuid4()}>", raw=b"")


def good_story() -> Told:
    """Two people; one opens, clicks and leaves after the first campaign."""
    stats = {"opened": 1, "clicked": 1, "unsubscribed": 1}
    return Told(
        imported={"rows": 4, "valid": 2, "duplicates": 1, "invalid": 1, "empty": 0},
        first=sending([mail("ann"), mail("bob")], facts=2, **stats),
        behaviour=Behaviour(
            opened=["ann@example.com"],
            clicked=["ann@example.com"],
            unsubscribed=["ann@example.com"],
        ),
        second=sending([mail("bob")], facts=1, skipped=1),
        unverified=[],
        log_faults=[],
        visitor=Visitor(EMAIL, "a password"),
    )


@pytest.fixture
def told() -> Told:
    return good_story()


def test_figures_that_agree_are_no_disagreement(told: Told) -> None:
    assert disagreements(told) == []
    shown = figures(told, seconds=1)
    assert set(FIELDS) <= set(shown)
    assert (shown["sent"], shown["accepted"], shown["skipped"], shown["lost"]) == (2, 2, 1, 0)


def changed(told: Told, path: str, value: object) -> Told:
    """Return the same story with one value changed, at a path like `first.stats.sent`."""

    def replaced(node: object, names: list[str]) -> object:
        if not names:
            return value
        if isinstance(node, dict):
            return node | {names[0]: replaced(node[names[0]], names[1:])}
        return msgspec.structs.replace(
            node, **{names[0]: replaced(getattr(node, names[0]), names[1:])}
        )

    return replaced(told, path.split("."))


TWICE = mail("bob")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("first.facts", 3, "first: accepted at the server 2 ≠ EmailSent facts 3"),
        ("first.stats.sent", 1, "first: EmailSent facts 2 ≠ sent in the stats 1"),
        ("second.mails", [], "second: accepted at the server 0 ≠ EmailSent facts 1"),
        ("second.mails", [TWICE, TWICE], "mails sent twice 1 ≠ allowed 0"),
        ("second.mails", [TWICE, mail("bob")], "mails sent twice 1 ≠ allowed 0"),
        ("second.mails", [mail("ann")], "mails to people who left 1 ≠ allowed 0"),
        ("second.stats.skipped", 0, "left or bounced 1 ≠ skipped by the second campaign 0"),
        ("first.stats.queued", 5, "people without an outcome 3 ≠ allowed 0"),
        ("first.stats.opened", 0, "opens made 1 ≠ opened 0"),
        ("first.stats.clicked", 2, "clicks made 1 ≠ clicked 2"),
        ("first.stats.unsubscribed", 0, "people who left 1 ≠ unsubscribed 0"),
        ("imported.rows", 5, "rows of the file 5 ≠ rows with a verdict 4"),
        ("imported.valid", 3, "valid contacts 3 ≠ outcomes of the first campaign 2"),
        ("unverified", ["audit"], "the read model audit does not match the log"),
        ("log_faults", ["a position is used twice"], "log order: a position is used twice"),
    ],
)
def test_a_planted_disagreement_is_named_with_both_figures(
    told: Told, path: str, value: object, sentence: str
) -> None:
    assert sentence in disagreements(changed(told, path, value))


def demo(
    data_dir: Path, contacts: Path, *command: str, rate: int
) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ENGINE_")}
    options = ["demo", "--once", "--json", "--contacts", str(contacts), "--rate", str(rate)]
    return subprocess.run(
        [sys.executable, *command, *options],
        cwd=ROOT,
        env=bare | {"ENGINE_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


PLANTED = """
import contextlib
from infra.settings import load_settings
from tests.e2e.test_demo import changed, good_story
from workers.cli import demo, main

demo.running_engine = lambda *_, **__: contextlib.nullcontext(load_settings())
demo.tell = lambda *_, **__: changed(good_story(), "first.stats.sent", {sent})
main.main()
"""


@pytest.mark.parametrize(("sent", "code"), [(2, 0), (3, 1)])
def test_the_exit_code_is_the_judgement(tmp_path: Path, sent: int, code: int) -> None:
    contacts = contact_file(tmp_path, valid=GONE, duplicates=0, invalid=0, empty=0)
    ended = demo(tmp_path / "data", contacts, "-c", PLANTED.format(sent=sent), rate=0)
    assert ended.returncode == code, ended.stderr
    assert ("EmailSent facts 2 ≠ sent in the stats 3" in ended.stderr) == bool(code)
    assert json.loads(ended.stdout.splitlines()[-1])["sent"] == 2


# The whole job.


@pytest.mark.e2e
@pytest.mark.slow
def test_the_demo_agrees_and_keeps_the_rate(tmp_path: Path) -> None:
    contacts = contact_file(tmp_path, valid=560, duplicates=20, invalid=15, empty=5)
    ended = demo(tmp_path / "data", contacts, "-m", "workers.cli.main", rate=RATE)
    assert ended.returncode == 0, ended.stderr
    *_, last = ended.stdout.splitlines()
    shown = json.loads(last)
    assert set(FIELDS) <= set(shown)
    rows = {"rows": 600, "valid": 560, "duplicates": 20, "invalid": 15, "empty": 5}
    assert {name: shown[name] for name in rows} == rows
    assert shown["sent"] == shown["accepted"] == 560 - GONE
    assert (shown["duplicate_sends"], shown["lost"]) == (0, 0)
    assert shown["opened"] > shown["clicked"] > shown["unsubscribed"] > 0
    assert shown["skipped"] == shown["unsubscribed"] + GONE
    assert shown["projections_verified"] is shown["log_verified"] is True
    assert "agree." in ended.stderr
    assert shown["send_rate_per_s"] <= RATE
    assert left_of(tmp_path / "data") == []


# What lies beside the repository.


@pytest.fixture(scope="module")
def shared() -> Path:
    found = shared_data()
    if found is None:
        pytest.skip("../shared/data is absent")
    return found


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    del shared  # without it there is nothing to start for
    with running_engine(tmp_path_factory.mktemp("demo") / "data", rate=0) as settings:
        yield settings


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("name", ["comment-notification", "invoice", "receipt", "welcome"])
def test_a_real_template_goes_through(
    engine: Settings, shared: Path, tmp_path: Path, name: str
) -> None:
    told = tell(
        engine,
        contacts=contact_file(tmp_path, valid=60, duplicates=1, invalid=1, empty=1),
        template=shared / "templates" / f"{name}.html",
        keep_tags=True,
        say=print,
    )
    assert disagreements(told) == []
    assert len(told.first.mails) == 60 - GONE


@pytest.mark.e2e
@pytest.mark.slow
def test_a_real_contact_file_goes_through(engine: Settings, shared: Path) -> None:
    key = json.loads((shared / "contacts" / "latin.key.json").read_text())
    told = tell(
        engine,
        contacts=shared / "contacts" / "latin.csv",
        template=ROOT / "examples" / "template.html",
        keep_tags=False,
        say=print,
    )
    assert disagreements(told) == []
    assert told.imported["valid"] == key["valid_unique"]
