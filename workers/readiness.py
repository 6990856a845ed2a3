"""No worker begins on a vault that is older than the erasures: a restored copy is settled first."""

import psycopg
import structlog

from infra.bootstrap import Adapters
from infra.crypto.settle import unsettled
from workers.runtime import Backoff, Stop

log = structlog.get_logger()


def wait_until_settled(adapters: Adapters, stop: Stop) -> None:
    """Return when the vault knows every erasure of the ledger, or at the stop."""
    backoff = Backoff()
    while not stop:
        try:
            with adapters.vault_connection() as connection:
                missing = unsettled(connection, adapters.outside_vault)
        except psycopg.Error as error:
            log.warning("vault_away", error=type(error).__name__)
        else:
            if not missing:
                return
            log.error("vault_older_than_its_erasures", missing=missing, hint="engine db migrate")
        stop.wait(backoff.pause())
