"""`engine switches` and `engine rates`: an operator stops mail, bounds it, and lets it go on."""

import pytest

from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.http_client import found_house
from tests.support.working import catch_up

pytestmark = pytest.mark.e2e


def test_an_operator_stops_bounds_and_resumes_mail(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house = found_house(app)
    catch_up(worker)
    engine = Engine({**environment(settings), "ENGINE_WORKSPACE": str(house.workspace_id)})
    assert "nothing is stopped" in engine.do("switches", "list").out
    why = ("--reason", "the relay burns")
    engine.json("switches", "stop", "global", *why)
    engine.json("switches", "stop", "domain", "--key", "acme.example", *why)
    stopped = engine.json("switches", "list")
    assert {(one["scope"], one["key"], one["reason"]) for one in stopped} == {
        ("global", "", "the relay burns"),
        ("domain", "acme.example", "the relay burns"),
    }
    engine.do("switches", "resume", "global", *why)
    assert [one["scope"] for one in engine.json("switches", "list")] == ["domain"]

    engine.json("rates", "set", "domain", "5", "--key", "acme.example", "--burst", "10")
    (rate,) = [one for one in engine.json("rates", "list") if one["key"] == "acme.example"]
    assert (rate["kind"], rate["rate_per_s"], rate["burst"]) == ("domain", 5, 10)
    assert "domain" in engine.refused("rates", "set", "domain", "5")
