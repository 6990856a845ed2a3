"""The founding of a workspace."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.tenancy import decider
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import TenancyEvent, WorkspaceCreated
from tests.support.scenario import Scenario

ID = uuid4()
GIVEN = {
    "name": "Acme",
    "sender_name": "Acme News",
    "sender_address": "news@acme.example",
    "postal_address": "1 Main Street",
}
CREATED = WorkspaceCreated(workspace_id=ID, **GIVEN)


def create(**changes: str) -> Callable[[Workspace], Sequence[TenancyEvent]]:
    return lambda workspace: decider.create(workspace, workspace_id=ID, **(GIVEN | changes))


def test_a_workspace_is_founded_with_what_the_law_asks_for() -> None:
    after = Scenario(WORKSPACE).when(create()).then(CREATED)
    assert after.exists
    assert not WORKSPACE.initial.exists


def test_blanks_around_what_was_given_are_not_kept() -> None:
    Scenario(WORKSPACE).when(create(**{k: f" {v}\n" for k, v in GIVEN.items()})).then(CREATED)


def test_without_a_senders_name_the_workspaces_own_is_used() -> None:
    expected = WorkspaceCreated(workspace_id=ID, **(GIVEN | {"sender_name": "Acme"}))
    Scenario(WORKSPACE).when(create(sender_name="  ")).then(expected)


@pytest.mark.parametrize("field", ["name", "sender_address", "postal_address"])
def test_nothing_that_the_law_asks_for_may_be_missing(field: str) -> None:
    Scenario(WORKSPACE).when(create(**{field: " "})).refused(
        InvalidInputError, f"pass a non-empty `{field}`"
    )


def test_a_workspace_is_founded_once() -> None:
    Scenario(WORKSPACE).given(CREATED).when(create()).refused(
        IllegalTransitionError, "exists already"
    )
