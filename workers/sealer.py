"""The sealer: follows the log and signs what stands in it, so that a change can be proven.

Beside that it verifies what it signed, in a thread of its own.
"""

from threading import Thread

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.seal_rows import LostSealingError, lead_sealing
from infra.eventstore.sealer import EVENTS_A_STEP, seal_next
from infra.postgres.connections import Role
from infra.postgres.heartbeats import beat
from workers.runtime import Stop, run_steps
from workers.verifying import keep_verifying

log = structlog.get_logger()

NAME = "sealer"
EVERY_S = 1.0


class Sealer:
    """Seals on a connection of its own, whose lock elects it."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._key = SigningKey(adapters.settings.secret_key)
        self._connection: Connection[TupleRow] | None = None

    def step(self) -> bool:
        """Seal what is new; tells whether there is more to do at once."""
        try:
            connection = self._lead()
            if connection is None:
                return False
            return seal_next(connection, self._key) >= EVENTS_A_STEP
        except (psycopg.Error, LostSealingError):
            self.close()
            raise

    def close(self) -> None:
        """Let go of the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lead(self) -> Connection[TupleRow] | None:
        """Return the connection that holds the lock; None while another sealer has it."""
        if self._connection is not None:
            return self._connection
        connection = self._adapters.connection(Role.SEALER)
        if not lead_sealing(connection):
            connection.close()
            return None
        self._connection = connection
        log.info("sealer_leads")
        return connection


def run(adapters: Adapters, stop: Stop) -> None:
    """Seal until the stop."""
    sealer = Sealer(adapters)
    verifying = Thread(target=keep_verifying, args=(adapters, stop), name="verifying")
    verifying.start()

    def step() -> bool:
        beat(adapters.pool, NAME)
        return sealer.step()

    try:
        run_steps(NAME, stop, step, idle_s=EVERY_S)
    finally:
        sealer.close()
        verifying.join()
