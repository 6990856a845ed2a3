"""Which workspaces are there, as whom do they send, and how far is their onboarding?"""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.tenancy.events import (
    BrandNamed,
    OnboardingStepAnswered,
    OnboardingStepSkipped,
    PostalAddressChosen,
    SenderChosen,
    SendingDomainNamed,
    SendingPlanned,
    TimeZoneChosen,
    WorkspaceCreated,
    WorkspaceRenamed,
)
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO workspaces (workspace_id, name, sender_name, sender_address, postal_address, created_at)
VALUES (%(workspace_id)s, %(name)s, %(sender_name)s, %(sender_address)s, %(postal_address)s,
        %(recorded_at)s)
ON CONFLICT (workspace_id) DO NOTHING
"""
STEP = """
INSERT INTO onboarding_steps (workspace_id, step, state)
VALUES (%(workspace_id)s, %(step)s, %(state)s)
ON CONFLICT (workspace_id, step) DO UPDATE SET state = excluded.state
"""
STATE = {OnboardingStepAnswered: "answered", OnboardingStepSkipped: "skipped"}
_HERE = " WHERE workspace_id = %(workspace_id)s"
STATEMENTS: dict[type, LiteralString] = {
    WorkspaceCreated: INSERT,
    WorkspaceRenamed: "UPDATE workspaces SET name = %(name)s" + _HERE,
    BrandNamed: "UPDATE workspaces SET brand_name = %(brand_name)s" + _HERE,
    SenderChosen: "UPDATE workspaces SET sender_name = %(sender_name)s,"
    " sender_address = %(sender_address)s" + _HERE,
    PostalAddressChosen: "UPDATE workspaces SET postal_address = %(postal_address)s" + _HERE,
    TimeZoneChosen: "UPDATE workspaces SET time_zone = %(time_zone)s" + _HERE,
    SendingDomainNamed: "UPDATE workspaces SET sending_domain = %(sending_domain)s" + _HERE,
    SendingPlanned: "UPDATE workspaces SET mails_per_month = %(mails_per_month)s,"
    " goal = %(goal)s" + _HERE,
    OnboardingStepAnswered: STEP,
    OnboardingStepSkipped: STEP,
}


class WorkspaceList:
    """One row a workspace, and one a step of its onboarding that was answered or skipped."""

    name = "workspace_list"
    version = 2
    contexts = frozenset({"tenancy"})
    opens = False
    tables = (
        Table(
            name="workspaces",
            columns=(
                "name text NOT NULL",
                "sender_name text NOT NULL",
                "sender_address text NOT NULL",
                "postal_address text NOT NULL",
                "brand_name text NOT NULL DEFAULT ''",
                "time_zone text NOT NULL DEFAULT ''",
                "sending_domain text NOT NULL DEFAULT ''",
                "mails_per_month bigint",
                "goal text NOT NULL DEFAULT ''",
                "created_at timestamptz NOT NULL",
            ),
            key=(),
        ),
        Table(
            name="onboarding_steps",
            columns=("step text NOT NULL", "state text NOT NULL"),
            key=("step",),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Change row by row: these events are few."""
        for recorded in events:
            event = recorded.event
            statement = STATEMENTS.get(type(event))
            if statement is not None:
                values = msgspec.structs.asdict(event)
                own = {
                    "workspace_id": recorded.workspace_id,
                    "recorded_at": recorded.recorded_at,
                    "state": STATE.get(type(event)),
                }
                cursor.execute(statement, values | own)
