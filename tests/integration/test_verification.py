"""The log is verified again and again, and `GET /v1/audit/verification` says what was found."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from infra.bootstrap import Adapters
from infra.eventstore.verification import Pass, verify_again
from infra.postgres.advisory_locks import VERIFIER_LOCK, try_lock
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.http_client import issued_token, serving
from tests.support.logging_facts import founded, record_facts
from tests.support.sealed_log import Sealed, seal_all, sealed_log
from workers.runtime import Stop
from workers.verifying import verify_once

pytestmark = pytest.mark.integration

NEVER, AT_ONCE = None, timedelta(0)


class Verifying(msgspec.Struct):
    """A sealed log (see `Sealed`), who verifies it, and who asks."""

    log: Sealed
    app: Adapters
    worker: Adapters
    client: httpx.Client

    def again(self, *, whole_every: timedelta | None = NEVER) -> Pass:
        keys = {self.log.key.key_id: self.log.key.public_key}
        with self.worker.connection(Role.SEALER) as connection:
            return verify_again(connection, keys, whole_every=whole_every)

    def seal(self) -> None:
        seal_all(self.worker, self.log.key)

    def answer(self, workspace_id: UUID) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {issued_token(self.app, workspace_id)}"}
        answer = self.client.get("/v1/audit/verification", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def verifying(
    app: Adapters, worker: Adapters, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Verifying]:
    with sealed_log(app, worker, settings, monkeypatch) as log, serving(app) as client:
        yield Verifying(log, app, worker, client)


def test_a_pass_reads_only_what_is_new_and_extends_the_proof(verifying: Verifying) -> None:
    one = verifying.log.one
    before = verifying.answer(one)
    assert (before["state"], before["verified_upto"], before["sealed_upto"]) == ("pending", 0, 12)
    first = verifying.again()
    assert (first.whole, first.events, first.faults) == (True, 12, 0)
    proven = verifying.answer(one)
    assert (proven["state"], proven["verified_upto"], proven["fault"]) == ("verified", 12, None)
    assert (proven["head"]["number"], proven["head"]["last_position"]) == (3, 12)
    assert proven["key_id"] == proven["head"]["key_id"] == verifying.log.key.key_id
    assert proven["whole_verified_upto"] == 12
    record_facts(verifying.app, one, 2)
    new = founded(verifying.app)
    verifying.seal()
    second = verifying.again()
    # Three more, and the events that issued the tokens of the answers above.
    assert (second.whole, second.events) == (False, 5)
    after = verifying.answer(one)
    assert (after["state"], after["whole_verified_upto"]) == ("verified", 12)
    assert after["verified_upto"] > proven["verified_upto"]
    assert verifying.answer(new)["state"] == "verified"
    assert verifying.again().events == 0


def test_a_fault_is_named_to_whom_it_concerns_and_stays_until_all_is_good(
    verifying: Verifying,
) -> None:
    log = verifying.log
    verifying.again()
    change = "UPDATE events SET tag = %s WHERE position = 7 RETURNING tag"
    (row,) = log.intruder.execute("SELECT tag FROM events WHERE position = 7").fetchall()
    log.intruder.execute(change, ("contacts.import_failed.v2",))
    verifying.again()
    assert verifying.answer(log.one)["state"] == "verified"  # what was verified is not read again
    assert verifying.again(whole_every=AT_ONCE).faults == 1
    broken = verifying.answer(log.one)
    assert (broken["state"], broken["verified_upto"]) == ("broken", 5)
    assert (broken["fault"]["position"], broken["fault"]["seal"]) == (7, 2)
    assert broken["fault"]["what"].startswith("the event was changed")
    assert verifying.answer(log.two)["state"] == "verified"
    log.intruder.execute(change, (row[0],))
    verifying.seal()
    verifying.again()
    assert verifying.answer(log.one)["state"] == "broken"
    verifying.again(whole_every=AT_ONCE)
    assert verifying.answer(log.one)["state"] == "verified"


def test_what_is_new_and_wrong_is_found_at_once(verifying: Verifying) -> None:
    log = verifying.log
    verifying.again()
    record_facts(verifying.app, log.two, 3)
    verifying.seal()
    log.intruder.execute("DELETE FROM events WHERE position = 14")
    assert verifying.again().faults == 1
    assert verifying.answer(log.two)["fault"]["position"] == 14


def test_one_process_verifies_and_a_stop_gives_the_pass_up(verifying: Verifying) -> None:
    worker, stop = verifying.worker, Stop()
    with worker.connection(Role.SEALER) as other:
        assert try_lock(other, VERIFIER_LOCK, 0)
        verify_once(worker, stop)
        assert verifying.answer(verifying.log.one)["state"] == "pending"
    stop.set()
    verify_once(worker, stop)
    assert verifying.answer(verifying.log.one)["state"] == "pending"
    verify_once(worker, Stop())
    assert verifying.answer(verifying.log.one)["state"] == "verified"
