"""A workspace can hold the installation to its log: its checkpoints, over HTTP."""

import pytest

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.heads import read_heads
from infra.settings import Settings
from tests.support.http_client import found_house, serving
from tests.support.logging_facts import record_facts
from tests.support.sealed_log import seal_all

pytestmark = pytest.mark.integration


def test_a_workspace_reads_its_own_checkpoints_newest_first_and_keeps_them(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    key = SigningKey(settings.secret_key)
    keys = {key.key_id: key.public_key}
    mine, other = found_house(app), found_house(app)
    for _ in range(3):
        record_facts(app, mine.workspace_id, 2)
        seal_all(worker, key)
    with serving(app) as client:
        first = client.get("/v1/audit/checkpoints?limit=2", headers=mine.headers)
        second = client.get(
            f"/v1/audit/checkpoints?limit=2&cursor={first.json()['next']}", headers=mine.headers
        )
        foreign = client.get("/v1/audit/checkpoints", headers=other.headers)

    newest, oldest = read_heads(first.content, keys), read_heads(second.content, keys)
    assert [head.number for head in (*newest, *oldest)] == [3, 2, 1]
    assert newest[0].previous == newest[1].hash
    assert {head.workspace_id for head in (*newest, *oldest)} == {mine.workspace_id}
    assert [head.workspace_id for head in read_heads(foreign.content, keys)] == [other.workspace_id]
