"""Bad input gets a clear problem that names the place, is never a 5xx, and changes nothing."""

import json
import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.crypto.tokens import new_token
from infra.postgres.tenant_scope import tenant_scope
from tests.support.http_client import House, found_house, serving
from tests.support.working import catch_up

pytestmark = pytest.mark.e2e

JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}
TEMPLATE: dict[str, object] = {"name": "N", "subject": "S", "html": "<p>x</p>"}


@pytest.fixture
def house(app: Adapters) -> House:
    return found_house(app)


@pytest.fixture
def client(app: Adapters, house: House) -> Iterator[httpx.Client]:
    with serving(app) as client:
        client.headers.update(house.headers)
        yield client


def check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    problem: dict[str, object] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["request_id"] == str(UUID(answer.headers["x-request-id"]))
    assert problem["detail"]
    return problem


def test_bodies_that_are_not_the_json_we_take(client: httpx.Client) -> None:
    deep = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    rather_deep = json.dumps(TEMPLATE | {"defaults": json.loads("[" * 70 + "]" * 70)}).encode()
    table = [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b'{"name": "\xff"}', "malformed_json"),
        (b'{"name": "\\ud800", "subject": "S", "html": "x"}', "malformed_json"),
        (deep, "malformed_json"),
        (rather_deep, "malformed_json"),
        (b"[]", "invalid_request"),
        (b"null", "invalid_request"),
        (b'"text"', "invalid_request"),
        (b"1e400", "malformed_json"),
    ]
    for body, code in table:
        answer = client.post("/v1/templates", content=body, headers=JSON)
        check_problem(answer, 400, code)


def test_fields_that_are_wrong_are_pointed_at(client: httpx.Client) -> None:
    table: list[tuple[dict[str, object], str, str]] = [
        (TEMPLATE | {"admin": True}, "/admin", "unknown_field"),
        ({"name": "N", "subject": "S"}, "/html", "missing_field"),
        (TEMPLATE | {"name": "a\x00b"}, "/name", "control_character"),
        (TEMPLATE | {"html": "a\x08b"}, "/html", "control_character"),
        (TEMPLATE | {"defaults": {"a\x1b": "b"}}, "/defaults", "control_character"),
        (TEMPLATE | {"defaults": {"a/b~c": "\x85"}}, "/defaults/a~1b~0c", "control_character"),
        (TEMPLATE | {"name": 7}, "/name", "invalid"),
        (TEMPLATE | {"name": ""}, "/name", "invalid"),
        (TEMPLATE | {"name": "x" * 301}, "/name", "invalid"),
        (TEMPLATE | {"subject": "two\nlines"}, "/subject", "invalid"),
        (TEMPLATE | {"subject": "one and a half\n"}, "/subject", "invalid"),
        (TEMPLATE | {"subject": "back\u202ewards"}, "/subject", "invalid"),
        (TEMPLATE | {"html": "x" * (512 * 1024 + 1)}, "/html", "invalid"),
    ]
    for body, pointer, code in table:
        problem = check_problem(client.post("/v1/templates", json=body), 400, "invalid_request")
        errors = problem["errors"]
        assert isinstance(errors, list)
        assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code), problem


def test_no_field_of_a_read_model_can_be_written(client: httpx.Client) -> None:
    for field in ("workspace_id", "template_id", "sha256", "version", "warnings", "added_at", "id"):
        answer = client.post("/v1/templates", json=TEMPLATE | {field: "x"})
        check_problem(answer, 400, "invalid_request")


def test_other_media_types_are_refused(client: httpx.Client) -> None:
    body = json.dumps(TEMPLATE).encode()
    for headers in (
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/msgpack"},
        JSON | {"Content-Encoding": "gzip"},
    ):
        answer = client.post("/v1/templates", content=body, headers=headers)
        check_problem(answer, 415, "unsupported_media_type")
    upload = client.post("/v1/contacts/imports", content=b"{}", headers=JSON)
    check_problem(upload, 415, "unsupported_media_type")


def test_large_bodies_are_refused(client: httpx.Client) -> None:
    large = json.dumps({"name": "x" * 70_000, "template_id": str(uuid4())}).encode()
    check_problem(client.post("/v1/campaigns", content=large, headers=JSON), 413, "body_too_large")
    chunks = (b" " * 1_000_000 for _ in range(7))  # without a Content-Length
    answer = client.post("/v1/templates", content=chunks, headers=JSON)
    check_problem(answer, 413, "body_too_large")


def test_actions_take_no_body(client: httpx.Client) -> None:
    place = f"/v1/campaigns/{uuid4()}/launch"
    check_problem(client.post(place), 404, "not_found")
    check_problem(client.post(place, json={}), 404, "not_found")
    check_problem(client.post(place, json={"force": True}), 400, "invalid_request")
    check_problem(client.post(place, content=b"x"), 415, "unsupported_media_type")


def test_uploads_that_cannot_be_used(client: httpx.Client) -> None:
    place = "/v1/contacts/imports"
    form = {"file": ("a.csv", "email\na@example.com\n", "text/csv")}
    for mapping in ("{", "[]", '{"email": 1}', "[" * 5000, '{"a": "\\u0000"}'):
        in_query = client.post(place, content=b"email\n", headers=CSV, params={"mapping": mapping})
        check_problem(in_query, 400, "invalid_request")
        in_form = client.post(place, files=form, data={"mapping": mapping})
        check_problem(in_form, 400, "invalid_request")
    for files in ({"other": form["file"]}, {"file": (None, "text")}):
        check_problem(client.post(place, files=files), 400, "invalid_request")
    headers = {"Content-Type": "multipart/form-data"}
    check_problem(client.post(place, content=b"x", headers=headers), 400, "invalid_request")
    headers = {"Content-Type": "multipart/form-data; boundary=abc"}
    for body in (b"", b"--abc", b"--abc\r\n\r\n", b"garbage" * 100):
        check_problem(client.post(place, content=body, headers=headers), 400, "invalid_request")


def test_parameters_that_are_wrong_are_named(client: httpx.Client) -> None:
    table = [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "-1"}, "after"),
        ({"after": str(2**70)}, "after"),
        ({"status": "gone"}, "status"),
        ({"email": "a\x00"}, "email"),
        ({"email": ""}, "email"),
        ({"cursor": "x" * 2000}, "cursor"),
    ]
    for params, name in table:
        problem = check_problem(client.get("/v1/contacts", params=params), 400, "invalid_request")
        errors = problem["errors"]
        assert isinstance(errors, list)
        assert errors[0]["pointer"] == name, problem
    for key in ("", "x" * 257):
        answer = client.post("/v1/templates", json=TEMPLATE, headers={"Idempotency-Key": key})
        check_problem(answer, 400, "invalid_request")


def test_a_hostile_address_prefix_is_just_text(client: httpx.Client) -> None:
    for text in ("' OR 1=1 --", "%", "_", "\\", "\U0010ffff", "a\ud7ff", "{{x}}", "\u202e"):
        answer = client.get("/v1/contacts", params={"email": text})
        assert (answer.status_code, answer.json()["items"]) == (200, []), text


def test_tokens_that_are_not_good(client: httpx.Client, house: House) -> None:
    good = house.token
    forged = [
        good[:at] + ("x" if good[at] != "x" else "y") + good[at + 1 :] for at in range(len(good))
    ]
    del client.headers["Authorization"]
    headers = [f"Bearer {token}" for token in (*forged, new_token(), good[:-1], good + "0", "")]
    headers += [good, f"Basic {good}", f"Token {good}", "Bearer", "Bearer \xff"]
    for header in headers:
        answer = client.get("/v1/templates", headers={b"Authorization": header.encode("latin-1")})
        check_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    check_problem(client.get("/v1/templates"), 401, "unauthorized")


def test_a_revoked_token_is_refused_at_once(
    app: Adapters, client: httpx.Client, house: House
) -> None:
    assert client.get("/v1/templates").status_code == 200
    with tenant_scope(app.pool, house.workspace_id) as cursor:
        cursor.execute("UPDATE api_tokens SET revoked = true")
    check_problem(client.get("/v1/templates"), 401, "unauthorized")


def test_nothing_is_there_for_unknown_paths_and_methods(client: httpx.Client) -> None:
    for path in (
        "/v1",
        "/v2/contacts",
        "/v1/contacts/not-a-uuid",
        "/v1/%00",
        "/..%2f",
        "/t/o",
    ):
        check_problem(client.get(path), 404, "not_found")
    check_problem(client.put("/v1/contacts"), 405, "method_not_allowed")
    check_problem(client.request("TRACE", "/v1/contacts"), 405, "method_not_allowed")


def test_head_and_options_open_no_door(app: Adapters) -> None:
    with serving(app) as client:
        paths = client.get("/v1/openapi.json").json()["paths"]
        for path, operations in paths.items():
            place = path.replace("{token}", "x").replace("{pixel}", "x.gif")
            place = place.replace("{position}", "1").replace("{version}", "1")
            place = re.sub(r"\{\w+\}", lambda _: str(uuid4()), place)
            head = client.head(place)
            assert head.content == b""
            assert head.status_code == (405 if "head" not in operations else head.status_code)
            assert head.status_code in {200, 404, 405}, (path, head.status_code)
            options = client.options(place)
            assert options.status_code in {204, 401}, (path, options.status_code)
            assert options.content == b"" or options.status_code == 401


def test_every_answer_has_the_security_headers(client: httpx.Client, house: House) -> None:
    for answer in (
        client.get("/v1/templates"),
        client.get("/v1/nothing"),
        client.get("/livez"),
        client.get("/u/x"),
        client.get("/t/o/x.gif"),
        client.post("/v1/templates", content=b"{", headers=JSON),
        client.options("/v1/templates"),
    ):
        csp = answer.headers["content-security-policy"]
        assert "default-src 'none'" in csp
        assert "frame-ancestors 'none'" in csp
        assert "unsafe" not in csp
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        assert house.token not in str(answer.headers)


def test_a_request_id_is_taken_over_only_when_it_is_a_uuid(client: httpx.Client) -> None:
    given = str(uuid4())
    assert client.get("/livez", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    forged = client.get("/livez", headers={"X-Request-ID": "forged\tline"})
    assert UUID(forged.headers["x-request-id"])


def test_refused_requests_leave_nothing_in_the_log(client: httpx.Client, worker: Adapters) -> None:
    client.post("/v1/templates", json=TEMPLATE | {"admin": True})
    client.post("/v1/templates", content=b"{", headers=JSON)
    client.post(f"/v1/contacts/{uuid4()}/unsubscribe")
    catch_up(worker)
    tags = {line["tag"] for line in client.get("/v1/audit").json()["items"]}
    assert tags == {"tenancy.workspace_created.v1", "developer.api_token_issued.v1"}
