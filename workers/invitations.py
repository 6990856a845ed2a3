"""End invitations whose time is over, and destroy the keys of those that ended.

A step of the scheduler: first the fact, at the next step the key. What is not `forgotten` is done
again after a crash, and each part may be.
"""

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from commands.tenancy.expire_invitation import ExpireInvitation, expire_invitation
from domain.shared.ids import derive_id, time_ms_of
from infra.bootstrap import Adapters
from infra.postgres.invitations import PostgresInvitations, UnfinishedInvitation
from infra.postgres.sql_effect import StaleStateError
from workers.acting import acting

log = structlog.get_logger()

LATER = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, OSError, StaleStateError)
"""Something is away, or somebody was faster: the next step will tell."""


class InvitationCloser:
    """Looks at the invitations of all workspaces."""

    def __init__(self, adapters: Adapters, *, worker: str) -> None:
        self._adapters = adapters
        self._worker = worker

    def step(self) -> int:
        """Close a hundred at most; return how many. One that cannot be closed holds up none."""
        adapters = self._adapters
        invitations = PostgresInvitations(
            adapters.pool, adapters.vault, adapters.settings.secret_key
        )
        closed = 0
        for found in invitations.unfinished():
            try:
                self._close(invitations, found)
            except LATER as error:
                name = str(found.invitation_id)
                log.warning("invitation_waits", invitation_id=name, error=type(error).__name__)
            else:
                closed += 1
        return closed

    def _close(self, invitations: PostgresInvitations, found: UnfinishedInvitation) -> None:
        workspace_id, invitation_id = found.workspace_id, found.invitation_id
        if found.state == "open":
            command_id = derive_id(time_ms_of(invitation_id), b"expire", invitation_id.bytes)
            expire_invitation(
                ExpireInvitation(invitation_id=invitation_id),
                acting(self._worker, workspace_id, command_id),
                self._adapters.log,
                invitations,
            )
        else:
            invitations.forget(workspace_id, invitation_id)
