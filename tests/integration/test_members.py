"""Members and invitations by the API: real sessions, real mail queue, one role at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.tenant_scope import tenant_scope
from tests.support.accounts import Signed, in_workspace, mailed, signed_up, token_of
from tests.support.http_client import House, found_house, issued_token, serving
from tests.support.invitations import invited_by_operator
from workers.erasing import ErasureFinisher
from workers.invitations import InvitationCloser

pytestmark = pytest.mark.integration

Headers = dict[str, str]


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        yield opened


@pytest.fixture
def ann(client: httpx.Client, worker: Adapters) -> Signed:
    return signed_up(client, worker, "ann@example.com")


@pytest.fixture
def bob(client: httpx.Client, worker: Adapters) -> Signed:
    return signed_up(client, worker, "bob@example.com")


@pytest.fixture
def home(client: httpx.Client, ann: Signed) -> UUID:
    """A workspace that Ann has founded."""
    answer = client.post("/v1/workspaces", json={"name": "Acme"}, headers=ann.headers)
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


@pytest.fixture
def owner(client: httpx.Client, ann: Signed, home: UUID) -> Headers:
    return in_workspace(client, ann, home)


def invite(client: httpx.Client, owner: Headers, email: str, role: str) -> httpx.Response:
    body = {"email": email, "role": role}
    return client.post("/v1/workspace/invitations", json=body, headers=owner)


def accept(client: httpx.Client, person: Signed, token: str) -> httpx.Response:
    return client.post("/v1/invitations/accept", json={"token": token}, headers=person.headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def problem(answer: httpx.Response) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_somebody_joins_by_mail_and_each_change_of_role_holds_at_once(
    client: httpx.Client, worker: Adapters, home: UUID, owner: Headers, bob: Signed
) -> None:
    assert invite(client, owner, "Bob@example.com", "viewer").status_code == 202
    ((kind, address, link),) = mailed(worker)
    assert (kind, address) == ("invitation", "Bob@example.com")
    assert accept(client, bob, token_of(link)).status_code == 202
    here = in_workspace(client, bob, home)
    member = f"/v1/workspace/members/{bob.user_id}"
    role = f"{member}/role"
    name = {"name": "Acme 2"}

    def rename() -> int:
        return client.put("/v1/workspace/name", json=name, headers=here).status_code

    assert (client.get("/v1/onboarding", headers=here).status_code, rename()) == (200, 403)
    assert client.put(role, json={"role": "owner"}, headers=here).status_code == 403
    assert client.put(role, json={"role": "admin"}, headers=owner).status_code == 202
    assert rename() == 202
    assert code(client.put(role, json={"role": "owner"}, headers=here)) == (403, "forbidden")
    people = client.get("/v1/workspace/members", headers=here).json()["items"]
    assert {one["role"] for one in people} == {"owner", "admin"}
    assert client.delete(member, headers=owner).status_code == 202
    assert code(client.get("/v1/onboarding", headers=here)) == (401, "unauthorized")
    assert client.get("/v1/workspaces", headers=bob.headers).json() == {"items": []}


def test_the_last_owner_neither_leaves_nor_is_demoted(
    client: httpx.Client, ann: Signed, home: UUID, owner: Headers
) -> None:
    found = client.get("/v1/workspaces", headers=ann.headers).json()["items"]
    assert [(one["workspace_id"], one["role"]) for one in found] == [(str(home), "owner")]
    own = f"/v1/workspace/members/{ann.user_id}"
    for answer in (
        client.post("/v1/workspace/leave", headers=owner),
        client.delete(own, headers=owner),
        client.put(f"{own}/role", json={"role": "viewer"}, headers=owner),
    ):
        assert code(answer) == (409, "last_owner")


def test_of_two_owners_who_leave_at_once_one_stays(
    client: httpx.Client, worker: Adapters, home: UUID, owner: Headers, bob: Signed
) -> None:
    invite(client, owner, "bob@example.com", "owner")
    assert accept(client, bob, token_of(mailed(worker)[0][2])).status_code == 202
    both = [owner, in_workspace(client, bob, home)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(lambda who: client.post("/v1/workspace/leave", headers=who), both)
        )
    assert sorted(answer.status_code for answer in answers) == [202, 409]


def test_an_invitation_is_answered_alike_whether_there_is_an_account(
    client: httpx.Client, owner: Headers, bob: Signed
) -> None:
    del bob
    known = invite(client, owner, "bob@example.com", "viewer")
    unknown = invite(client, owner, "nobody@example.com", "viewer")
    assert (known.status_code, known.json().keys()) == (unknown.status_code, unknown.json().keys())
    again = [invite(client, owner, f"{name}@example.com", "viewer") for name in ("bob", "nobody")]
    assert problem(again[0]) == problem(again[1])
    assert code(again[0]) == (409, "illegal_transition")


def test_a_token_is_good_once_for_one_address_and_until_the_next_one(
    client: httpx.Client, worker: Adapters, owner: Headers, ann: Signed, bob: Signed
) -> None:
    invited = invite(client, owner, "bob@example.com", "editor").json()["id"]
    ((_, _, first),) = mailed(worker)
    assert (
        client.post(f"/v1/workspace/invitations/{invited}/resend", headers=owner).status_code == 202
    )
    ((_, _, second),) = mailed(worker)
    unknown = accept(client, bob, "x" * 43)
    assert code(unknown) == (404, "not_found")
    assert problem(accept(client, ann, token_of(second))) == problem(unknown)
    assert problem(accept(client, bob, token_of(first))) == problem(unknown)
    assert accept(client, bob, token_of(second)).status_code == 202
    assert problem(accept(client, bob, token_of(second))) == problem(unknown)


def test_what_was_revoked_used_or_is_over_is_forgotten(
    client: httpx.Client, app: Adapters, worker: Adapters, home: UUID, owner: Headers, bob: Signed
) -> None:
    revoked = invite(client, owner, "bob@example.com", "editor").json()["id"]
    answer = client.delete(f"/v1/workspace/invitations/{revoked}", headers=owner)
    assert answer.status_code == 202
    ((_, _, link),) = mailed(worker)
    over = new_id()
    late = invited_by_operator(app, home, over, "bob@example.com", ago=timedelta(days=8))
    mailed(worker)
    for token in (token_of(link), late):
        assert code(accept(client, bob, token)) == (404, "not_found")
    used = UUID(invite(client, owner, "bob@example.com", "editor").json()["id"])
    assert accept(client, bob, token_of(mailed(worker)[0][2])).status_code == 202
    waiting = UUID(invite(client, owner, "cleo@example.com", "editor").json()["id"])
    closer, ended = InvitationCloser(worker, worker="test"), [UUID(revoked), over, used]
    assert worker.vault.living(home, [*ended, waiting]) == {*ended, waiting}
    while closer.step():
        pass
    assert worker.vault.living(home, [*ended, waiting]) == {waiting}
    (left,) = client.get("/v1/workspace/invitations", headers=owner).json()["items"]
    assert (left["invitation_id"], left["email"]) == (str(waiting), "cleo@example.com")
    assert ErasureFinisher(worker, worker="test").follow_vault() == 0, "no contact was erased"


def test_members_and_invitations_of_another_workspace_are_not_there(
    client: httpx.Client, app: Adapters, owner: Headers
) -> None:
    house, user, invitation = found_house(app), uuid4(), new_id()
    invited_by_operator(app, house.workspace_id, invitation, "guest@example.com")
    absent = uuid4()
    for method, path, body in (
        ("PUT", "/v1/workspace/members/{}/role", {"role": "viewer"}),
        ("DELETE", "/v1/workspace/members/{}", None),
        ("DELETE", "/v1/workspace/invitations/{}", None),
        ("POST", "/v1/workspace/invitations/{}/resend", None),
    ):
        foreign = invitation if "invitations" in path else user
        answers = [
            client.request(method, path.format(identity), json=body, headers=owner)
            for identity in (foreign, absent)
        ]
        assert [code(answer) for answer in answers] == [(404, "not_found")] * 2, path
        assert problem(answers[0]) == problem(answers[1])


def test_no_program_manages_members(client: httpx.Client, app: Adapters) -> None:
    house: House = found_house(app)
    token = issued_token(app, house.workspace_id, "members:manage", "members:read")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/workspace/members", headers=headers).status_code == 200
    assert code(invite(client, headers, "bob@example.com", "owner")) == (403, "forbidden")


def test_nothing_of_a_workspace_is_written_in_the_platforms_scope(
    app: Adapters, home: UUID
) -> None:
    with tenant_scope(app.pool, PLATFORM) as cursor:
        assert cursor.execute("SELECT count(*) FROM members").fetchone() == (0,)
    with tenant_scope(app.pool, home) as cursor:
        assert cursor.execute("SELECT count(*) FROM members").fetchone() == (1,)
