"""A workspace is founded by its command."""

from uuid import uuid4

import pytest

from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from domain.shared.errors import IllegalTransitionError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import workspace_created


def test_the_founding_is_the_first_fact_of_the_workspace() -> None:
    log, workspace = MemoryEventLog(), uuid4()
    command = CreateWorkspace(
        workspace_id=workspace,
        name="Acme",
        sender_name="",
        sender_address="news@acme.example",
        postal_address="1 Main Street",
    )
    context = asking(workspace)
    position = create_workspace(command, context, log)
    assert create_workspace(command, context, log) == position, "the same command, the same answer"
    with pytest.raises(IllegalTransitionError, match="exists already"):
        create_workspace(command, asking(workspace), log)
    assert log.events == [(workspace, workspace, workspace_created(workspace))]
