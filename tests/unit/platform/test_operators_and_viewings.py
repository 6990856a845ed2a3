"""Operators, and their viewings of workspaces: decisions and commands."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.developer.secret import Secret
from commands.platform.begin_viewing import BeginViewing, begin_viewing
from commands.platform.end_viewing import EndViewing, end_viewing
from commands.platform.grant_operator import GrantOperator, grant_operator
from commands.platform.revoke_operator import RevokeOperator, revoke_operator
from domain.platform.events import (
    OperatorGranted,
    OperatorRevoked,
    WorkspaceViewingBegan,
    WorkspaceViewingEnded,
)
from domain.platform.operators import operator_id
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError, NotFoundError, SecretShownError
from domain.shared.platform import PLATFORM
from domain.tenancy.decider import WORKSPACE
from infra.clock import new_id
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import workspace_created
from tests.support.memory_ports import Said

USER, VIEWING = new_id(), uuid4()
HERE = uuid4()


class MemoryOperators:
    """The ports `Operators` and `Viewings` of `commands.platform.ports`."""

    def grant(self, user_id: UUID) -> Said:
        return Said("grant", user_id)

    def revoke(self, user_id: UUID) -> Said:
        return Said("revoke", user_id)

    def begin(self, workspace_id: UUID, began: WorkspaceViewingBegan) -> Said:
        return Said("begin", (workspace_id, began.viewing_id))

    def end(self, workspace_id: UUID, viewing_id: UUID) -> Said:
        return Said("end", (workspace_id, viewing_id))


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    log.decide(WORKSPACE, HERE, lambda _: [workspace_created(HERE)], asking(HERE))
    return log


def view(
    log: MemoryEventLog,
    *,
    context: Context | None = None,
    workspace_id: UUID = HERE,
    reason: str = " ticket 7 ",
    minutes: int = 60,
    text: str = "t",
) -> None:
    command = BeginViewing(
        workspace_id=workspace_id,
        viewing_id=VIEWING,
        operator_id=USER,
        reason=reason,
        minutes=minutes,
        token=Secret(text),
    )
    begin_viewing(command, context or asking(PLATFORM), log, MemoryOperators())


def end(log: MemoryEventLog) -> None:
    command = EndViewing(workspace_id=HERE, viewing_id=VIEWING, operator_id=USER)
    end_viewing(command, asking(PLATFORM), log, MemoryOperators())


def test_a_person_is_made_operator_and_is_none_any_more() -> None:
    log, ports = MemoryEventLog(), MemoryOperators()
    for _ in range(2):
        grant_operator(GrantOperator(user_id=USER), asking(PLATFORM), log, ports)
    for _ in range(2):
        revoke_operator(RevokeOperator(user_id=USER), asking(PLATFORM), log, ports)
    stream = operator_id(USER)
    assert log.events == [
        (PLATFORM, stream, OperatorGranted(user_id=USER)),
        (PLATFORM, stream, OperatorRevoked(user_id=USER)),
    ]
    assert log.effects == [Said("grant", USER), Said("revoke", USER)]


def test_a_viewing_stands_in_the_log_of_the_workspace_that_is_viewed(log: MemoryEventLog) -> None:
    context = asking(PLATFORM)
    view(log, context=context)
    workspace, _, began = log.events[-1]
    assert workspace == HERE
    assert isinstance(began, WorkspaceViewingBegan)
    assert (began.reason, began.expires_at) == ("ticket 7", context.now + timedelta(hours=1))
    assert log.effects[-1] == Said("begin", (HERE, VIEWING))
    end(log)
    end(log)
    assert log.events[-1] == (HERE, VIEWING, WorkspaceViewingEnded(viewing_id=VIEWING))
    assert log.effects[-1] == Said("end", (HERE, VIEWING))
    assert len(log.events) == 3


@pytest.mark.parametrize(("reason", "minutes"), [(" ", 5), ("why", 61), ("why", 0)])
def test_it_needs_a_reason_and_an_end(log: MemoryEventLog, reason: str, minutes: int) -> None:
    with pytest.raises(InvalidInputError):
        view(log, reason=reason, minutes=minutes)


def test_its_token_is_shown_once(log: MemoryEventLog) -> None:
    context = asking(PLATFORM)
    view(log, context=context)
    with pytest.raises(SecretShownError):
        view(log, context=context, text="another")
    with pytest.raises(SecretShownError):
        view(log)


def test_what_is_not_there_is_not_viewed(log: MemoryEventLog) -> None:
    with pytest.raises(NotFoundError, match="no such workspace"):
        view(log, workspace_id=uuid4())
    with pytest.raises(NotFoundError, match="no such viewing"):
        end(log)
