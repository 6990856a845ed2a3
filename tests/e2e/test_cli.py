"""The command line from the first workspace to the end of a campaign, on a real Postgres."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.engine import running_workers

pytestmark = pytest.mark.e2e

FOUND = ("--sender-address", "news@acme.example", "--postal-address", "1 Main Street")
PEOPLE = "email,Town\nann@example.com,Ghent\nbob@example.com,Bruges\nbroken,Ostend\n"


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    with running_workers(settings, "projector", "importer"):
        yield Engine(environment(settings))


def test_workspaces_are_founded_listed_and_asked_for_when_there_are_several(
    engine: Engine,
) -> None:
    assert "no workspace yet" in engine.do("workspace", "list").out
    assert "none; run `engine workspace create`" in engine.refused("templates", "list")

    acme = engine.json("workspace", "create", "Acme", *FOUND)
    assert acme.keys() == {"workspace_id", "token", "position"}
    told = engine.do("workspace", "token", "--name", "a program").out
    assert told.startswith("token ")
    assert "shown once" in told
    assert acme["token"] not in told

    told = engine.do("workspace", "create", "Brick", *FOUND).out
    brick = UUID(told.split()[1])
    sentence = engine.refused("templates", "list")
    assert sentence.startswith("say which workspace with --workspace: there are ")
    assert f"Acme ({acme['workspace_id']}), Brick ({brick})" in sentence
    for wanted in ("Brick", str(brick)):
        assert engine.json("templates", "list", "--workspace", wanted) == []
    chosen = Engine({**engine.env, "ENGINE_WORKSPACE": "Acme"})
    assert "no template yet" in chosen.do("templates", "list").out

    listed = engine.json("workspace", "list")
    assert [each["name"] for each in listed] == ["Acme", "Brick"]
    assert "needs a name" in engine.refused("workspace", "create", " ", *FOUND)


def test_a_campaign_from_contacts_to_its_end(engine: Engine, tmp_path: Path) -> None:
    people, page = tmp_path / "people.csv", tmp_path / "Spring sale.html"
    people.write_text(PEOPLE)
    page.write_text("<p>Hi {{ first_name }} in {{ town }}</p>")
    engine.json("workspace", "create", "Acme", *FOUND)

    told = engine.do("contacts", "import", str(people), "--rejected", str(tmp_path / "bad.csv"))
    assert told.out.startswith("3 rows, 2 valid, 0 duplicates, 1 invalid, 0 empty\n")
    assert "broken,Ostend,3,4,missing_at," in (tmp_path / "bad.csv").read_text("utf-8-sig")
    queued = engine.json("contacts", "import", str(people), "--no-wait")
    assert queued.keys() == {"import_id"}

    template = engine.json(
        "templates", "add", str(page), "--subject", "Hi", "--default", "first_name=you"
    )
    (listed,) = engine.json("templates", "list")
    assert (listed["template_id"], listed["name"]) == (template["template_id"], "Spring sale")
    assert template["template_id"] in engine.do("templates", "list").out

    draft = ("campaigns", "create", "--name", "May", "--template", template["template_id"])
    campaign = engine.json(*draft)["campaign_id"]
    positions = [
        engine.json("campaigns", verb, campaign)["position"]
        for verb in ("launch", "pause", "resume", "cancel")
    ]
    assert positions == sorted(set(positions))
    watched = engine.json("campaigns", "watch", campaign)
    assert (watched["campaign_id"], watched["status"], watched["sent"]) == (
        campaign,
        "cancelled",
        0,
    )
    assert engine.do("campaigns", "watch", campaign).out.startswith("cancelled: 0 queued, ")
    assert "cannot pause: the campaign is cancelled" in engine.refused(
        "campaigns", "pause", campaign
    )

    later = engine.json(*draft)["campaign_id"]
    planned = engine.do("campaigns", "launch", later, "--at", "2099-05-01 09:30")
    assert f"campaign {later} is scheduled" in planned.out
    assert "not due before 2099-05-01T09:30" in engine.refused("campaigns", "launch", later)


def test_read_models_are_listed_measured_rebuilt_and_verified(engine: Engine) -> None:
    engine.json("workspace", "create", "Acme", *FOUND)
    listed: list[dict[str, Any]] = engine.json("projections", "list")
    names = {each["name"] for each in listed}
    assert {"contact_list", "campaign_stats", "message_ledger", "suppression_list"} <= names
    lags = {each["follower"]: each for each in engine.json("projections", "lag")}
    assert lags.keys() == names  # and the relay, once one has run
    assert lags["workspace_list"]["events"] == 0

    rebuilt = engine.json("projections", "rebuild", "workspace_list")
    assert (rebuilt["name"], rebuilt["events"]) == ("workspace_list", 1)
    verified = engine.json("projections", "verify", "workspace_list", "audit")
    assert [(each["name"], each["ok"]) for each in verified] == [
        ("workspace_list", True),
        ("audit", True),
    ]
    assert "workspace_list" in engine.do("projections", "list").out
    assert "not one of" in engine.refused("projections", "rebuild", "nothing", code=2)


def test_the_log_is_shown_and_taken_out_and_an_export_goes_on_where_it_was_cut(
    engine: Engine, tmp_path: Path
) -> None:
    acme = engine.json("workspace", "create", "Acme", *FOUND)
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    engine.do("contacts", "import", str(people))
    whole = [json.loads(line) for line in engine.ask("log", "export").out.splitlines()]
    assert [line["position"] for line in whole] == sorted(line["position"] for line in whole)
    assert {line["workspace_id"] for line in whole} == {acme["workspace_id"]}
    assert len(whole) == 6  # founded, token, requested, two people, completed
    assert "ann@example.com" not in json.dumps(whole)

    told = engine.ask(
        "log", "export", "--after", str(whole[1]["position"]), "--upto", str(whole[-1]["position"])
    )
    assert (told.code, told.err) == (0, "4 events exported\n")
    assert [json.loads(line) for line in told.out.splitlines()] == whole[2:]

    tail = engine.ask("log", "tail", "--lines", "6", "--json").out.splitlines()
    assert [json.loads(line)["position"] for line in tail][:2] == [
        line["position"] for line in whole[-2:]
    ]
    assert "privacy.export_completed.v1" in engine.do("log", "tail", "--lines", "1").out
    assert engine.do("log", "tail", "--lines", "0").out == ""
    assert engine.ask("log", "export", "--after", str(2**70)).out == ""
