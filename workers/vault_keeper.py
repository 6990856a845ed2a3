"""The vault keeper: ends an epoch when it is old enough, beside the scheduler's other work."""

from threading import Thread

import structlog

from infra.bootstrap import Adapters
from infra.crypto.rotation import RotationRunningError, rotate
from infra.crypto.vault_status import rotation_due

log = structlog.get_logger()


class VaultKeeper:
    """At most one rotation at a time; a killed one is taken up by the next look."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._thread: Thread | None = None

    def look(self) -> Thread | None:
        """See in a thread whether a rotation is due, and do it there; return the thread."""
        if not self._adapters.settings.vault_rotate_days:
            return None
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._rotate, name="vault-rotation", daemon=True)
            self._thread.start()
        return self._thread

    def _rotate(self) -> None:
        adapters = self._adapters
        try:
            with adapters.vault_connection() as connection:
                if rotation_due(connection, days=adapters.settings.vault_rotate_days):
                    done = rotate(connection, adapters.outside_vault)
                    log.info("vault_rotated", epoch=done.epoch, keys=done.rewrapped)
        except RotationRunningError:
            log.info("vault_rotated_elsewhere")
        except Exception as error:
            log.exception("vault_rotation_failed", error=error)
