"""A step of the scheduler: says of each suppression whose time is over that it is lifted.

Mail may go already when the time is over: the claim reads it. This tells the log and the lists.
"""

import structlog

from commands.contacts.lift_suppression import LiftSuppression, lift_suppression
from domain.shared.errors import NotFoundError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.sql_effect import StaleStateError
from infra.postgres.suppressions import Ended, PostgresSuppressions
from workers.acting import acting

log = structlog.get_logger()

BATCH = 100


class SuppressionEnds:
    """Looks at the suppressions of all workspaces."""

    def __init__(self, adapters: Adapters, *, worker: str) -> None:
        self._log = adapters.log
        self._suppressions = PostgresSuppressions(adapters.pool, adapters.settings.secret_key)
        self._do_not_mail = PostgresDoNotMail(ended_only=True)
        self._worker = worker

    def step(self) -> bool:
        """Lift what has ended, a batch a step; tells whether there may be more."""
        ended = self._suppressions.ended(limit=BATCH)
        for one in ended:
            self._lift(one)
        return len(ended) == BATCH

    def _lift(self, one: Ended) -> None:
        command = LiftSuppression(
            contact_id=one.contact_id, reason=one.reason, detail="its time was over"
        )
        context = acting(self._worker, one.workspace_id, new_id())
        try:
            lift_suppression(command, context, self._log, self._do_not_mail, self._suppressions)
        except (NotFoundError, StaleStateError):
            log.info("suppression_end_overtaken", contact_id=str(one.contact_id))
