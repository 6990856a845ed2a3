"""A person of each role on every route of the real application, and what the table says of it."""

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from domain.tenancy.roles import Role
from infra.bootstrap import Adapters
from read_api.edge import sse
from tests.architecture.test_route_roles import rows
from tests.support.accounts import Signed, in_workspace, join, signed_up
from tests.support.http_client import found_house, serving

pytestmark = pytest.mark.integration

REFUSED_BY_ROLE = "this credential lacks the permission for this request"
LASTS = {"/v1/workspace/leave"}
"""Not called: it would end what the walk stands on."""


@pytest.fixture
def client(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(sse, "LONGEST_S", 0.0)  # a live stream looks once, and ends
    with serving(app) as opened:
        yield opened


def test_each_role_may_what_the_table_says_and_nothing_else(
    client: httpx.Client, app: Adapters, worker: Adapters
) -> None:
    person = signed_up(client, worker, "ann@example.com")
    headers = {role: headers_as(client, app, person, role) for role in Role}
    asked = 0
    for method, path, wanted, who in rows():
        if path in LASTS or ":" not in wanted:
            continue
        url = re.sub(r"{\w+:uuid}", lambda _: str(uuid4()), path)
        url = re.sub(r"{\w+:\w+}", "1", url)
        for role in Role:
            answer = client.request(method, url, headers=headers[role])
            assert answer.status_code != 500, (method, path, role, answer.text)
            refused = answer.status_code == 403 and REFUSED_BY_ROLE in answer.text
            assert refused != (role in who), (method, path, role, answer.status_code)
            asked += 1
    assert asked > 300


def headers_as(client: httpx.Client, app: Adapters, person: Signed, role: Role) -> dict[str, str]:
    workspace_id: UUID = found_house(app, f"House of {role}").workspace_id
    join(app, workspace_id, person.user_id, role)
    return in_workspace(client, person, workspace_id)
