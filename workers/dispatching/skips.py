"""The fact that says why somebody of the frozen audience gets nothing."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import structlog

from domain.delivery.events import EmailSkipped, SkipReason
from domain.delivery.fact_ids import skip_id
from domain.shared.model import Fact
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.postgres.email_queue import cancel_tasks
from infra.postgres.sql_effect import StaleStateError
from workers.acting import acting

log = structlog.get_logger()


class Unsent(NamedTuple):
    """A queued message that nobody will send."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID


def skip_queued(
    event_log: PostgresEventLog,
    worker: str,
    workspace_id: UUID,
    unsent: Sequence[Unsent],
    *,
    reason: SkipReason,
) -> bool:
    """Take messages off the queue, each with its fact; False when a dispatcher was faster."""
    facts = [
        skipped(
            message.message_id,
            campaign_id=message.campaign_id,
            contact_id=message.contact_id,
            reason=reason,
        )
        for message in unsent
    ]
    try:
        event_log.record(
            facts,
            acting(worker, workspace_id, new_id()),
            effects=[cancel_tasks(workspace_id, [message.message_id for message in unsent])],
        )
    except StaleStateError:
        log.info("skipping_met_a_dispatcher", reason=reason, messages=len(unsent))
        return False
    return True


def skipped(
    message_id: UUID, *, campaign_id: UUID, contact_id: UUID, reason: SkipReason, detail: str = ""
) -> Fact:
    """Return the fact; a message is skipped at most once, so its id is the message's."""
    return Fact(
        skip_id(message_id),
        EmailSkipped(
            message_id=message_id,
            campaign_id=campaign_id,
            contact_id=contact_id,
            reason=reason,
            detail=detail,
        ),
    )
