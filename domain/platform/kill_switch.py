"""Kill switches: stop the mail of everybody, of a workspace, of a campaign or of a sending domain.

An operator and a workspace hold the same switch each for itself: what an operator stopped, the
workspace cannot let go on, and an operator cannot send what its owner stopped.
"""

import re
from typing import assert_never
from uuid import UUID

import msgspec

from domain.platform.kill_switch_events import (
    KillSwitchEvent,
    SendingResumed,
    SendingStopped,
    SwitchScope,
)
from domain.shared.errors import DomainError, InvalidInputError, PermissionMissingError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}\Z")


class StoppedByOperatorError(DomainError):
    """The workspace has not stopped this; an operator of the installation has."""

    code = "stopped_by_operator"


class Switch(msgspec.Struct, frozen=True):
    """Which one: the campaign's id or the sending domain is the key, else it is empty."""

    scope: SwitchScope
    key: str = ""


class KillSwitch(msgspec.Struct, frozen=True):
    """Why an operator, and why the workspace, stopped it; None where they did not."""

    operator: str | None = None
    workspace: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether somebody holds it."""
        return self.reason is not None

    @property
    def reason(self) -> str | None:
        """Why it is on: the operator's words before the workspace's."""
        return self.operator if self.operator is not None else self.workspace


def checked(scope: SwitchScope, key: str) -> Switch:
    """Return the switch with its key in the one spelling. Raises InvalidInputError."""
    match scope:
        case SwitchScope.GLOBAL | SwitchScope.WORKSPACE:
            if key:
                raise InvalidInputError(f"a switch of the scope {scope} has no `key`: leave it out")
            return Switch(scope)
        case SwitchScope.CAMPAIGN:
            return Switch(scope, str(_campaign(key)))
        case SwitchScope.DOMAIN:
            domain = key.lower().removesuffix(".")
            if not _DOMAIN.match(domain):
                raise InvalidInputError(
                    "`key` has to be the sending domain in ASCII, as mail.example.com"
                )
            return Switch(scope, domain)
        case _:
            assert_never(scope)


def _campaign(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError:
        raise InvalidInputError("`key` has to be the id of the campaign") from None


def switch_id(workspace_id: UUID, switch: Switch) -> UUID:
    """Return the id of the switch's stream."""
    return derive_id(
        time_ms_of(workspace_id),
        b"kill-switch",
        workspace_id.bytes,
        switch.scope.encode(),
        switch.key.encode(),
    )


def stop(
    state: KillSwitch, *, switch: Switch, by_operator: bool, reason: str
) -> list[SendingStopped]:
    """Stop it; says nothing the second time. Raises InvalidInputError without a reason."""
    _may(switch, by_operator=by_operator)
    why = _stated(reason, "say why sending is stopped: whoever looks for it reads that")
    if _held(state, by_operator=by_operator):
        return []
    return [SendingStopped(scope=switch.scope, key=switch.key, by_operator=by_operator, reason=why)]


def resume(
    state: KillSwitch, *, switch: Switch, by_operator: bool, reason: str
) -> list[SendingResumed]:
    """Let it go on; says nothing of what is not stopped. Raises StoppedByOperatorError."""
    _may(switch, by_operator=by_operator)
    why = _stated(reason, "say why sending may go on")
    if not _held(state, by_operator=by_operator):
        if state.is_on and not by_operator:
            raise StoppedByOperatorError(
                f"an operator of this installation stopped it ({state.operator}): ask there"
            )
        return []
    others = state.workspace if by_operator else state.operator
    return [
        SendingResumed(
            scope=switch.scope,
            key=switch.key,
            by_operator=by_operator,
            reason=why,
            still_stopped=others is not None,
        )
    ]


def _may(switch: Switch, *, by_operator: bool) -> None:
    if switch.scope is SwitchScope.GLOBAL and not by_operator:
        raise PermissionMissingError("the switch for everybody is the operators'")


def _held(state: KillSwitch, *, by_operator: bool) -> bool:
    return (state.operator if by_operator else state.workspace) is not None


def _stated(reason: str, otherwise: str) -> str:
    if not reason.strip():
        raise InvalidInputError(otherwise)
    return reason.strip()


def evolve(state: KillSwitch, event: KillSwitchEvent) -> KillSwitch:
    """Fold one fact."""
    match event:
        case SendingStopped():
            held: str | None = event.reason
        case SendingResumed():
            held = None
        case _:
            assert_never(event)
    if event.by_operator:
        return msgspec.structs.replace(state, operator=held)
    return msgspec.structs.replace(state, workspace=held)


KILL_SWITCH: StreamModel[KillSwitch, KillSwitchEvent] = StreamModel(
    name="kill switch", initial=KillSwitch(), evolve=evolve
)
