"""A small sealed log, and somebody with all rights to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore import sealer as sealing
from infra.eventstore.log_verify import LogVerifier, Verified
from infra.eventstore.sealer import seal_next
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.logging_facts import founded, record_facts


class Sealed(msgspec.Struct):
    """A log of two workspaces, sealed four events at a time.

    Positions: 1 founds `one`, 2 founds `two`, 3-10 are facts of `one`, 11 of `two`, 12 of `one`.
    The seals of `one` hold 1 3 4 5, 6 7 8 9 and 10 12; no trigger stops the intruder.
    """

    one: UUID
    two: UUID
    key: SigningKey
    intruder: Connection[TupleRow]

    def verify(self) -> Verified:
        keys = {self.key.key_id: self.key.public_key}
        return LogVerifier(self.intruder, keys=keys).verify()

    def faults(self) -> list[tuple[int, UUID, str]]:
        return [(f.position, f.workspace_id, f.what) for f in self.verify().faults]


def seal_all(worker: Adapters, key: SigningKey) -> None:
    with worker.connection(Role.SEALER) as sealer:
        seal_next(sealer, key)


@contextmanager
def sealed_log(
    app: Adapters, worker: Adapters, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sealed]:
    monkeypatch.setattr(sealing, "EVENTS_A_SEAL", 4)
    key = SigningKey(settings.secret_key)
    one, two = founded(app), founded(app)
    record_facts(app, one, 8)
    record_facts(app, two, 1)
    record_facts(app, one, 1)
    seal_all(worker, key)
    with psycopg.connect(settings.database_url, autocommit=True) as intruder:
        intruder.execute("SET session_replication_role = replica")
        yield Sealed(one, two, key, intruder)
