"""Kill switches: what is asked, and what stands still."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.platform.kill_switch_events import SwitchScope
from schemas.http.fields import Line, Request

Key = Annotated[
    str,
    msgspec.Meta(
        max_length=253,
        description="The campaign's id or the sending domain; empty for a whole workspace.",
    ),
]


class SwitchTurn(Request, frozen=True, kw_only=True):
    """Which mail is stopped, or goes on, and why."""

    scope: SwitchScope
    key: Key = ""
    reason: Line


class OperatorSwitchTurn(SwitchTurn, frozen=True, kw_only=True):
    """The same for any workspace; none for the scope `global`."""

    workspace_id: UUID | None = None


class KillSwitch(msgspec.Struct, frozen=True, kw_only=True):
    """Mail that is stopped now, and how many dispatchers have said that they begin none of it."""

    workspace_id: UUID
    scope: str
    key: str
    reason: str
    changed_at: datetime
    epoch: Annotated[int, msgspec.Meta(description="The how-many-th turn of a switch this was.")]
    dispatchers: Annotated[int, msgspec.Meta(description="How many are running.")]
    confirmed: Annotated[int, msgspec.Meta(description="How many of them have stopped.")]
    confirmed_at: Annotated[
        datetime | None, msgspec.Meta(description="When the last one had; null until then.")
    ]


class KillSwitches(msgspec.Struct, frozen=True, kw_only=True):
    """All that are on."""

    items: list[KillSwitch]
