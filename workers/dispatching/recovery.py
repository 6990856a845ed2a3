"""What dead dispatchers left: queued messages are free again, handed-over ones are uncertain."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import structlog

from domain.delivery.events import EmailUncertain
from domain.delivery.fact_ids import outcome_id
from domain.shared.model import Fact
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.postgres.dispatcher_leases import DispatcherLeases, LeftTask, give_up
from infra.postgres.uncertain_messages import note_uncertain
from workers.acting import acting

log = structlog.get_logger()

BATCH = 500
HANDED_OVER = 1
REASON = "dispatcher_lost"
Relays = Mapping[bool, str]
"""The names of the relay (False) and of the sandbox (True)."""


def recover(log_: PostgresEventLog, leases: DispatcherLeases, *, relays: Relays) -> int:
    """Sort out a batch of each dead dispatcher's messages; returns how many there were.

    A message of phase 1 may have reached the relay: it is never sent again, and counted.
    """
    found = 0
    for owner in leases.dead():
        left = leases.left_by(owner, limit=BATCH)
        found += len(left)
        for workspace_id, tasks in groupby(left, key=lambda task: task.workspace_id):
            _sort_out(log_, leases, workspace_id, list(tasks), owner=owner, relays=relays)
        if not left:
            leases.forget(owner)
    return found


def _sort_out(
    log_: PostgresEventLog,
    leases: DispatcherLeases,
    workspace_id: UUID,
    tasks: Sequence[LeftTask],
    *,
    owner: UUID,
    relays: Relays,
) -> None:
    free = [task.message_id for task in tasks if task.phase != HANDED_OVER]
    lost = [task for task in tasks if task.phase == HANDED_OVER]
    if free:
        leases.free(workspace_id, free, owner=owner)
    if lost:
        over = [task.message_id for task in lost]
        log_.record(
            list(_uncertain(lost, relays=relays)),
            acting("scheduler", workspace_id, new_id()),
            effects=[
                note_uncertain(workspace_id, over, owner=owner),
                give_up(workspace_id, over, owner=owner),
            ],
        )
    log.warning("dispatcher_recovered", dispatcher=str(owner), freed=len(free), uncertain=len(lost))


def _uncertain(lost: Iterable[LeftTask], *, relays: Relays) -> Iterable[Fact]:
    """Yield the facts; an outcome that the dispatcher itself recorded in time stands."""
    for task in lost:
        yield Fact(
            outcome_id(task.message_id, task.attempt),
            EmailUncertain(
                message_id=task.message_id,
                campaign_id=task.campaign_id,
                contact_id=task.contact_id,
                attempt=task.attempt,
                relay=relays[task.sandbox],
                reason=REASON,
                sandbox=task.sandbox,
            ),
        )
