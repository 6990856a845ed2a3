"""What dead dispatchers left: queued messages are free again, handed-over ones are uncertain."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import msgspec
import structlog

from domain.delivery.delivery_mode import repeated, sends_again
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.events import EmailUncertain
from domain.delivery.fact_ids import outcome_id
from domain.shared.model import Fact
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.postgres.dispatcher_leases import DispatcherLeases, LeftTask, give_up, send_again
from infra.postgres.sql_effect import StaleStateError
from infra.postgres.uncertain_messages import note_uncertain
from workers.acting import acting

log = structlog.get_logger()

BATCH = 500
HANDED_OVER = 1
REASON = "dispatcher_lost"
UNKNOWN = "unknown"  # handed over by a release that did not note to whom


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Sorts out what dead dispatchers left; `mode` is for workspaces that chose none."""

    log: PostgresEventLog
    leases: DispatcherLeases
    mode: DeliveryMode

    def step(self) -> int:
        """Sort out a batch of each dead dispatcher's messages; return how many that were."""
        found = 0
        for owner in self.leases.dead():
            if ended := self.leases.end_sessions(owner):
                log.warning("dispatcher_sessions_ended", dispatcher=str(owner), sessions=ended)
            left = self.leases.left_by(owner, limit=BATCH)
            for workspace_id, group in groupby(left, key=lambda task: task.workspace_id):
                tasks = list(group)
                ids = [task.message_id for task in tasks]
                unheld = self.leases.to_hand(workspace_id, ids, owner=owner)
                found += len(unheld)
                tasks = [task for task in tasks if task.message_id in unheld]
                if tasks:
                    self._sort_out(workspace_id, tasks, owner)
            if not left:
                self.leases.forget(owner)
        return found

    def _sort_out(self, workspace_id: UUID, tasks: Sequence[LeftTask], owner: UUID) -> None:
        """Free what nobody had begun; of the rest, say that it is in doubt, and act by mode.

        An outcome that the dispatcher itself recorded in time stands.
        """
        free = [task.message_id for task in tasks if task.phase != HANDED_OVER]
        handed = [task for task in tasks if task.phase == HANDED_OVER]
        again = [task for task in handed if self._is_repeated(task)]
        lost = [task for task in handed if not self._is_repeated(task)]
        if free:
            self.leases.free(workspace_id, free, owner=owner)
        if lost:
            ids = [task.message_id for task in lost]
            self.log.record(
                [_uncertain(task) for task in lost],
                acting("scheduler", workspace_id, new_id()),
                effects=[
                    note_uncertain(workspace_id, ids, owner=owner),
                    give_up(workspace_id, ids, owner=owner),
                ],
            )
        if again:
            self._send_again(workspace_id, again, owner)
        log.warning(
            "dispatcher_recovered",
            dispatcher=str(owner),
            freed=len(free),
            uncertain=len(lost),
            repeated=len(again),
        )

    def _is_repeated(self, task: LeftTask) -> bool:
        mode = DeliveryMode(task.mode) if task.mode else self.mode
        return task.gate != "cancelled" and sends_again(mode, attempt=task.attempt)

    def _send_again(self, workspace_id: UUID, tasks: Sequence[LeftTask], owner: UUID) -> None:
        ids = [task.message_id for task in tasks]
        facts = [_uncertain(task) for task in tasks] + [
            repeated(
                message_id=task.message_id,
                campaign_id=task.campaign_id,
                contact_id=task.contact_id,
                attempt=task.attempt,
            )
            for task in tasks
        ]
        try:
            self.log.record(
                facts,
                acting("scheduler", workspace_id, new_id()),
                effects=[
                    note_uncertain(workspace_id, ids, owner=owner, resent=True),
                    send_again(workspace_id, ids, owner=owner),
                ],
            )
        except StaleStateError as error:
            # Recorded by the dispatcher after all, while we looked: the next step looks again.
            log.warning("left_messages_changed", error=str(error))


def _uncertain(task: LeftTask) -> Fact:
    return Fact(
        outcome_id(task.message_id, task.attempt),
        EmailUncertain(
            message_id=task.message_id,
            campaign_id=task.campaign_id,
            contact_id=task.contact_id,
            attempt=task.attempt,
            relay=task.relay or UNKNOWN,
            reason=REASON,
            sandbox=task.sandbox,
        ),
    )
