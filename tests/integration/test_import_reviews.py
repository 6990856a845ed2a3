"""The import wizard: nothing is written before the commit, and then exactly what was told."""

import json
from typing import Any

import pytest

from infra.bootstrap import Adapters
from tests.support.http_client import found_house, serving
from tests.support.shared_data import shared_data
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

SHARED = shared_data()
FILE = (
    "Wohin;Vorname;Note\n"
    "ann@example.com;Ann;1\n"
    "Ann@example.com;Ann;2\n"
    "bob @example.com;Bob;3\n"
    "cid@gmial.com;Cid;4\n"
    "no address;Dee;5\n"
    ";Eve;6\n"
)


class Wizard:
    """One workspace that reviews files before it imports them."""

    def __init__(self, client: Any, headers: dict[str, str], worker: Adapters) -> None:
        self._client, self._headers, self._worker = client, headers, worker

    def ask(self, method: str, path: str, status: int | None = None, **more: Any) -> Any:
        headers = self._headers | more.pop("headers", {})
        answer = self._client.request(method, f"/v1/contacts{path}", headers=headers, **more)
        assert answer.status_code == (status or (200 if method == "GET" else 202)), answer.text
        return answer.json()

    def upload(self, content: str | bytes) -> str:
        accepted = self.ask(
            "POST",
            "/imports",
            params={"review": True},
            content=content,
            headers={"Content-Type": "text/csv"},
        )
        assert accepted["position"] == 0
        return f"/imports/{accepted['id']}"

    def checked(self, place: str, **how: object) -> Any:
        self.ask("POST", f"{place}/check", json=how)
        assert self.ask("GET", place)["status"] == "checking"
        run_imports(self._worker)
        assert self.ask("GET", place)["status"] == "reviewing"
        return self.ask("GET", f"{place}/review")

    def imported(self, place: str) -> Any:
        self.ask("POST", f"{place}/commit", json={"consent_source": "a fair"})
        run_imports(self._worker)
        catch_up(self._worker)
        return self.ask("GET", place)


def figures(told: dict[str, int]) -> tuple[int, ...]:
    return tuple(told[name] for name in ("rows", "valid", "duplicates", "invalid", "empty"))


def test_a_file_is_looked_at_repaired_and_then_imported(app: Adapters, worker: Adapters) -> None:
    house = found_house(app)
    with serving(app) as client:
        wizard = Wizard(client, house.headers, worker)
        place = wizard.upload(FILE)
        preview = wizard.ask("GET", f"{place}/preview")
        assert (preview["encoding"], preview["delimiter"]) == ("utf-8", ";")
        guessed = {one["header"]: (one["field"], one["confidence"]) for one in preview["columns"]}
        assert guessed["Wohin"] == ("email", "likely")
        assert guessed["Vorname"] == ("first_name", "sure")
        assert preview["rows"][0] == ["ann@example.com", "Ann", "1"]

        wizard.ask("GET", f"{place}/review", 409)
        wizard.ask("POST", f"{place}/check", json={})  # nobody said which column it is
        run_imports(worker)
        assert wizard.ask("GET", place)["error_code"] == "no_email_column"

        mapping = {"email": "Wohin"}
        review = wizard.checked(place, mapping=mapping)
        assert figures(review) == (6, 2, 1, 2, 1)
        problems = {one["code"]: one for one in review["problems"]}
        assert problems["space"]["repair"] == "space"
        assert (problems["space"]["rows"], problems["space"]["repairable"]) == (1, 1)
        assert problems["domain_typo"]["examples"] == [4]
        assert "ann@" not in json.dumps(review)

        repairs = ["space", "domain_typo"]
        review = wizard.checked(place, mapping=mapping, repairs=repairs)
        assert figures(review) == (6, 3, 1, 1, 1)
        catch_up(worker)
        assert wizard.ask("GET", "")["items"] == []

        done = wizard.imported(place)
        assert (done["status"], figures(done)) == ("completed", figures(review))
        people = {who["email"] for who in wizard.ask("GET", "")["items"]}
        assert people == {"ann@example.com", "bob@example.com", "cid@gmail.com"}
        wizard.ask("POST", f"{place}/commit", 409, json={})
        wizard.ask("POST", f"{place}/check", 409, json={})
        wizard.ask("POST", f"{place}/cancel", 409)


def test_a_review_can_be_dropped_and_leaves_nothing(app: Adapters, worker: Adapters) -> None:
    house = found_house(app)
    with serving(app) as client:
        wizard = Wizard(client, house.headers, worker)
        place = wizard.upload(FILE)
        wizard.ask("POST", f"{place}/check", json={"mapping": {"email": "Wohin"}})
        wizard.ask("POST", f"{place}/cancel")
        run_imports(worker)
        told = wizard.ask("GET", place)
        assert (told["status"], told["error_code"]) == ("failed", "cancelled")
        wizard.ask("GET", f"{place}/preview", 404)
        wizard.ask("POST", f"{place}/commit", 409, json={})
        catch_up(worker)
        assert wizard.ask("GET", "")["items"] == []


@pytest.mark.skipif(SHARED is None, reason="../shared/data is not beside the repository")
def test_a_real_file_ends_in_the_counts_that_its_owner_counted(
    app: Adapters, worker: Adapters
) -> None:
    assert SHARED is not None
    house, folder = found_house(app), SHARED / "contacts"
    key = json.loads((folder / "mixed.key.json").read_text())
    expected = (
        *(key[name] for name in ("rows", "valid_unique", "duplicates", "invalid", "empty")),
    )
    with serving(app) as client:
        wizard = Wizard(client, house.headers, worker)
        place = wizard.upload((folder / "mixed.csv").read_bytes())
        assert figures(wizard.checked(place)) == expected
        done = wizard.imported(place)
        assert (done["status"], figures(done)) == ("completed", expected)
