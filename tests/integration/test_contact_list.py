"""Finding people: every condition, every order, the counts, and what happened to one of them."""

from typing import Any

import pytest

from infra.bootstrap import Adapters
from tests.support.erasing import finish
from tests.support.http_client import found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

FIRST = "email,first name,last name\nZoe@example.com,Ann,Öst\nbob@example.com,Bob,Berg\n"
SECOND = "email,first name,last name\ncid@example.org,Cid,\n"


def test_people_are_found_counted_and_their_lives_told(app: Adapters, worker: Adapters) -> None:
    house = found_house(app)
    with serving(app) as client:

        def ask(method: str, path: str, **more: Any) -> Any:
            headers = house.headers | more.pop("headers", {})
            answer = client.request(method, f"/v1/contacts{path}", headers=headers, **more)
            assert answer.is_success, answer.text
            return answer.json()

        def names(**asked: object) -> list[str]:
            return [one["first_name"] for one in ask("GET", "", params=asked)["items"]]

        imports = []
        for text in (FIRST, SECOND):
            csv = {"Content-Type": "text/csv"}
            imports.append(ask("POST", "/imports", content=text, headers=csv)["id"])
            run_imports(worker)
        catch_up(worker)
        found = {who["first_name"]: who for who in ask("GET", "")["items"]}
        ids = {name: who["contact_id"] for name, who in found.items()}
        ask("POST", f"/{ids['Bob']}/unsubscribe")
        catch_up(worker)

        assert names(sort="email") == ["Bob", "Cid", "Ann"]
        assert names(sort="-email") == ["Ann", "Cid", "Bob"]
        assert names(sort="name") == ["Cid", "Bob", "Ann"]
        assert names(sort="-name") == ["Ann", "Bob", "Cid"]
        assert names(sort="-added")[0] == names(sort="added")[-1] == "Cid"
        assert names(q="ö") == names(q="ZOE@") == names(q="ann ÖST") == ["Ann"]
        assert names(q="ann berg") == names(q="nn") == []
        assert names(email="zoe@") == ["Ann"]
        assert names(import_id=imports[1]) == ["Cid"]
        later = found["Cid"]["added_at"]
        assert names(added_since=later) == ["Cid"]
        assert names(added_until=later, sort="email") == ["Bob", "Ann"]
        for order in ("email", "-email", "name", "-name", "added", "-added"):
            page = ask("GET", "", params={"sort": order, "limit": 2})
            rest = ask("GET", "", params={"sort": order, "cursor": page["next"]})
            assert [w["first_name"] for w in page["items"] + rest["items"]] == names(sort=order)
            assert (page["total"], page["total_is_about"], rest["next"]) == (3, False, None)
        facets = ask("GET", "/facets", params={"status": "subscribed"})
        assert facets["total"] == 2
        assert {one["value"]: one["count"] for one in facets["status"]} == {
            "subscribed": 2,
            "unsubscribed": 1,
        }
        assert {one["value"]: one["count"] for one in facets["import_id"]} == dict.fromkeys(
            imports, 1
        )

        life = ask("GET", f"/{ids['Bob']}/events")
        assert [one["kind"] for one in life["items"]] == ["withdrawn", "imported"]
        assert life["items"][1]["import_id"] == imports[0]
        assert life["items"][0]["source"].startswith("token:")
        ask("DELETE", f"/{ids['Bob']}")
        ask("POST", f"/{ids['Bob']}/restore")
        catch_up(worker)
        page = ask("GET", f"/{ids['Bob']}/events", params={"limit": 1})
        rest = ask("GET", f"/{ids['Bob']}/events", params={"cursor": page["next"]})
        kinds = [one["kind"] for one in page["items"] + rest["items"]]
        assert kinds == ["restored", "deleted", "withdrawn", "imported"]

        ask("POST", f"/{ids['Bob']}/erasure")
        finish(worker)
        catch_up(worker)
        assert names(q="bob") == names(q="berg") == names(email="bob@") == []
        shell = ask("GET", f"/{ids['Bob']}/events")
        assert [one["kind"] for one in shell["items"]] == ["erased"]
        assert shell["counts"] == {
            "deleted": 1, "erased": 1, "imported": 1, "restored": 1, "withdrawn": 1,
        }  # fmt: skip
