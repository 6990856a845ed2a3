"""The policy runner: follows the log and lets each policy react to the events it wants.

A policy's cursor moves after its reactions; a crash in between repeats them, and the command id,
derived from policy and position, makes the repeat an answer instead of a change.
"""

from collections.abc import Sequence
from uuid import UUID

import psycopg
import structlog
from msgspec import structs
from psycopg_pool import PoolTimeout

from commands.policies.bounce_suppresses_contact import BounceSuppressesContact
from commands.policies.complaint_suppresses_contact import ComplaintSuppressesContact
from commands.policies.policy import Policy
from commands.policies.report_resolves_uncertain import ReportResolvesUncertain
from commands.policies.soft_bounces_suppress_contact import SoftBouncesSuppressContact
from domain.shared.ids import derive_id
from domain.shared.model import Event
from infra.bootstrap import Adapters
from infra.eventstore.reader import LogRow
from infra.failpoints import Failpoint, failpoint
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.failures import reason_of
from infra.postgres.heartbeats import beat
from infra.postgres.parked_events import (
    WAITS,
    ParkedEvent,
    ParkedHead,
    Retried,
    park,
    park_again,
    parked_positions,
    unpark,
    wait_behind_kin,
)
from infra.postgres.policy_cursors import PolicyCursor
from infra.postgres.reported_messages import ReportedMessages
from infra.postgres.suppressions import PostgresSuppressions
from infra.postgres.uncertain_messages import PostgresUncertainMessages
from projections.projection import RecordedEvent
from workers.acting import acting
from workers.reputation import Reputation
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

NAME = "policies"
POLL_S = 0.2
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


class Follower:
    """One policy on its way through the log."""

    def __init__(self, adapters: Adapters, policy: Policy) -> None:
        self._adapters = adapters
        self._policy = policy
        self.name = policy.name
        # Old versions of a tag are read through the mapper, so names alone are compared.
        self._names = frozenset(_unversioned(event.TAG) for event in policy.reacts_to)
        self._cursor = PolicyCursor(adapters.pool, policy.name)

    def step(self) -> bool:
        """React to the next page; tells whether there was one."""
        before = self._cursor.position()
        page = self._adapters.reader.page(before)
        if not page:
            return False
        for row in page:
            if _unversioned(row.tag) in self._names:
                self._react_or_park(row)
        failpoint(Failpoint.POLICY_REACTED)
        self._cursor.advance(before=before, after=page[-1].position)
        return True

    def _react_or_park(self, row: LogRow) -> None:
        """React; an event that cannot be handled waits with its kin, the others go on."""
        event, reason = self._decode(row)
        parked = self._parked(row, event, reason)
        with self._adapters.pool.connection() as connection:
            waits = wait_behind_kin(connection, structs.replace(parked, reason=WAITS))
        if waits:
            return
        if event:
            reason = self.react_or_reason(row, event)
        if reason:
            log.error("policy_parked", policy=self.name, position=row.position, reason=reason)
            with self._adapters.pool.connection() as connection:
                park(connection, [structs.replace(parked, reason=reason)])

    def _decode(self, row: LogRow) -> tuple[Event | None, str]:
        """Return the event, or why it cannot be read."""
        try:
            return self._adapters.mapper.decode(row.tag, row.data), ""
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - parked with its reason, the others go on
            return None, reason_of(error)

    def react_or_reason(self, row: LogRow, event: Event) -> str:
        """React; return "" or why it failed. Twice is harmless: the command has the same id."""
        try:
            self._react(row, event)
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - parked with its reason, the others go on
            return reason_of(error)
        return ""

    def _parked(self, row: LogRow, event: Event | None, reason: str) -> ParkedEvent:
        return ParkedEvent(
            follower=self.name,
            workspace_id=row.workspace_id,
            position=row.position,
            key=_key(row, event) if event else row.stream_id,
            tag=row.tag,
            reason=reason,
        )

    def retry(self, head: ParkedHead) -> Retried:
        """React to what is parked of a key, in order; the first that fails again stays, with all.

        A crash after a reaction repeats it, which is harmless.
        """
        applied = 0
        while waiting := self._waiting(head):
            (row,) = self._adapters.reader.page(waiting[0] - 1, upto=waiting[0], limit=1)
            event, reason = self._decode(row)
            if event:
                reason = self.react_or_reason(row, event)
            with self._adapters.pool.connection() as connection:
                if reason:
                    park_again(connection, head, waiting[0], reason)
                    return Retried(applied, len(waiting), reason)
                unpark(connection, head, waiting[:1])
            applied += 1
        return Retried(applied, 0, "")

    def _waiting(self, head: ParkedHead) -> list[int]:
        with self._adapters.pool.connection() as connection:
            return parked_positions(connection, head)

    def _react(self, row: LogRow, event: Event) -> None:
        if type(event) not in self._policy.reacts_to:
            return
        command_id = derive_id(
            int(row.recorded_at.timestamp() * 1000),
            b"policy",
            self.name.encode(),
            row.position.to_bytes(8, "big"),
        )
        context = acting(NAME, row.workspace_id, command_id, causation_id=row.command_id)
        self._policy.react(event, context)


def _unversioned(tag: str) -> str:
    return tag.rsplit(".", 1)[0]


def _key(row: LogRow, event: Event) -> UUID:
    return RecordedEvent(
        row.position, row.workspace_id, row.stream_id, row.command_id, row.recorded_at, event
    ).key


def policies(adapters: Adapters) -> Sequence[Policy]:
    """Return every policy there is."""
    log_, do_not_mail = adapters.log, PostgresDoNotMail()
    addresses = PostgresSuppressions(adapters.pool, adapters.settings.secret_key)
    history = ReportedMessages(adapters.pool)
    return [
        BounceSuppressesContact(log_, do_not_mail),
        ComplaintSuppressesContact(log_, do_not_mail),
        SoftBouncesSuppressContact(log_, do_not_mail, addresses, history),
        ReportResolvesUncertain(log_, PostgresUncertainMessages(adapters.pool)),
    ]


def run(adapters: Adapters, stop: Stop) -> None:
    """React until the stop."""
    followers = [Follower(adapters, policy) for policy in policies(adapters)]
    reputation = Reputation(adapters)

    def step() -> bool:
        beat(adapters.pool, NAME)
        busy = sum(follower.step() for follower in followers) > 0  # each has its turn
        reputation.step_in_turn()
        return busy

    run_steps(NAME, stop, step, idle_s=POLL_S)
