"""Finish what an erasure leaves to do: go on where somebody died, skip what is still queued.

A step of the scheduler. Nothing here needs anything personal, so it works after the key is gone.
"""

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from commands.privacy.erase_contact import EraseContact, erase_contact
from domain.delivery.events import SkipReason
from domain.privacy.decider import erasure_stream
from domain.shared.context import Context
from domain.shared.platform import PLATFORM
from infra import clock
from infra.bootstrap import Adapters
from infra.mail_catcher.forgetting import forget_mail
from infra.postgres.erasures import ErasedTask, Erasing, PostgresErasures
from workers.acting import acting
from workers.dispatching.skips import Unsent, skip_queued
from workers.exports_of_erased import forget_exports

log = structlog.get_logger()

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, OSError)


class ErasureFinisher:
    """Looks at the erasures of all workspaces that are not done."""

    def __init__(self, adapters: Adapters, *, worker: str) -> None:
        self._adapters = adapters
        self._erasures = PostgresErasures(adapters.pool)
        self._worker = worker
        self._behind_vault = True

    def step(self) -> bool:
        """Go on with each; tells whether something was done. One that cannot go on holds up none.

        Raises nothing when a part is away: the erasure waits for it, the scheduler does not.
        """
        busy = self._behind_vault and self._follow_vault()
        for erasing in self._erasures.unfinished():
            try:
                busy |= self._go_on(erasing)
            except AWAY as error:
                contact_id = str(erasing.contact_id)
                log.warning("erasure_waits", contact_id=contact_id, error=type(error).__name__)
        return busy

    def _follow_vault(self) -> bool:
        try:
            found = self.follow_vault()
        except AWAY as error:
            log.warning("vault_not_followed", error=type(error).__name__)
            return False
        self._behind_vault = False
        return found > 0

    def follow_vault(self) -> int:
        """Erase whom the vault knows as erased and this database does not; return how many.

        After the restore of an older backup the vault is told of all erasures again (ADR 0011);
        here the log and the tables follow it. Asked at every start of the scheduler. Accounts
        are no contacts: `workers/leaving.py` sees to them.
        """
        missing = self._adapters.vault.fenced() - self._erasures.known()
        missing = {(workspace, person) for workspace, person in missing if workspace != PLATFORM}
        for workspace_id, contact_id in sorted(missing):
            erase_contact(
                EraseContact(contact_id=contact_id),
                acting(self._worker, workspace_id, erasure_stream(contact_id)),
                self._adapters.log,
                self._erasures,
                self._adapters.vault,
            )
        if missing:
            log.warning("erasures_repeated_after_restore", people=len(missing))
        return len(missing)

    def _go_on(self, erasing: Erasing) -> bool:
        if erasing.stage == "asked":
            self._erase(erasing)
            return True
        tasks = self._erasures.tasks(erasing)
        free = [task for task in tasks if task.free]
        if free:
            return self._skip(erasing, free)
        if tasks:  # a dispatcher has them: it looks at the list of erased people before it sends
            return False
        self._forget_caught_mail(erasing)
        forget_exports(
            self._adapters,
            worker=self._worker,
            workspace_id=erasing.workspace_id,
            subject=erasing.contact_id,
        )
        self._erasures.done(erasing)
        log.info("erasure_done", contact_id=str(erasing.contact_id))
        return True

    def _erase(self, erasing: Erasing) -> None:
        context = Context(
            workspace_id=erasing.workspace_id,
            actor=erasing.actor,
            now=clock.now(),
            command_id=erasing.command_id,
            correlation_id=erasing.correlation_id,
            ip=erasing.ip,
            command="finish_erasure",
        )
        command = EraseContact(contact_id=erasing.contact_id)
        erase_contact(command, context, self._adapters.log, self._erasures, self._adapters.vault)

    def _skip(self, erasing: Erasing, tasks: list[ErasedTask]) -> bool:
        unsent = [Unsent(t.message_id, t.campaign_id, erasing.contact_id) for t in tasks]
        return skip_queued(
            self._adapters.log,
            self._worker,
            erasing.workspace_id,
            unsent,
            reason=SkipReason.ERASED,
        )

    def _forget_caught_mail(self, erasing: Erasing) -> None:
        """The embedded mail catcher is a mailbox of ours; other mailboxes are not."""
        settings = self._adapters.settings
        if "smtp" in settings.embedded:
            forget_mail(settings.catcher_http_port, self._erasures.messages(erasing))
