"""Finish what people who deleted their accounts left to do. A step of the scheduler.

An account is emptied with its last event; destroying the person's key comes after it, in another
database, so whoever dies in between is followed here.
"""

from time import monotonic

import structlog

from commands.identity.close_account import delete_account, finish_leaving
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.sessions import PostgresSessions
from workers.acting import acting
from workers.erasing import AWAY

log = structlog.get_logger()

LOOK_EVERY_S = 30.0


class Leaving:
    """Looks every half minute; nobody waits for it."""

    def __init__(self, adapters: Adapters, *, worker: str) -> None:
        self._adapters = adapters
        self._sessions = PostgresSessions(adapters.pool, adapters.settings.secret_key)
        self._worker = worker
        self._behind_vault = True
        self._rest_until = 0.0

    def step(self) -> None:
        """Finish each. Raises nothing when a part is away: the scheduler goes on without it."""
        if monotonic() < self._rest_until:
            return
        self._rest_until = monotonic() + LOOK_EVERY_S
        try:
            self._finish()
            if self._behind_vault:
                self._follow_vault()
        except AWAY as error:
            log.warning("leaving_waits", error=type(error).__name__)

    def _finish(self) -> None:
        app = self._adapters
        for user_id in app.accounts.leaving():
            context = acting(self._worker, PLATFORM, new_id())
            finish_leaving(user_id, context, app.log, app.accounts, self._sessions)
            log.info("account_left", user_id=str(user_id))

    def _follow_vault(self) -> None:
        """Close the accounts of who left before, and is back by an older backup (ADR 0011)."""
        app = self._adapters
        for workspace_id, user_id in sorted(app.vault.fenced()):
            if workspace_id == PLATFORM and app.accounts.by_id(user_id) is not None:
                context = acting(self._worker, PLATFORM, new_id())
                delete_account(
                    user_id, context, app.log, app.accounts, self._sessions, left_before=True
                )
                log.warning("account_left_again_after_restore", user_id=str(user_id))
        self._behind_vault = False
