"""Policies: their own cursor, harmless repeats, and events that cannot be handled are parked."""

from uuid import UUID, uuid4

import pytest

from domain.delivery.events import EmailBounced
from domain.shared.context import Context
from domain.shared.ids import derive_id
from domain.shared.model import Event, Fact
from infra.bootstrap import Adapters
from infra.postgres.policy_cursors import PolicyCursor, PolicyFencedError
from tests.support.asking import asking
from workers.policy_runner import Follower

pytestmark = pytest.mark.integration

NOW_MS = 1_780_000_000_000


class Chronicler:
    """A policy that writes down what it saw, and fails for one contact."""

    name = "chronicler"
    reacts_to: frozenset[type[Event]] = frozenset({EmailBounced})

    def __init__(self, *, poison: UUID | None = None) -> None:
        self.seen: list[int] = []
        self.commands: list[UUID] = []
        self.poison = poison

    def react(self, event: Event, context: Context) -> None:
        assert isinstance(event, EmailBounced)
        if event.contact_id == self.poison:
            raise RuntimeError("cannot handle this")
        self.seen.append(event.attempt)
        self.commands.append(context.command_id)


def bounce(app: Adapters, workspace: UUID, *, contact: UUID, message: UUID, attempt: int) -> None:
    event = EmailBounced(
        message_id=message,
        campaign_id=workspace,
        contact_id=contact,
        attempt=attempt,
        relay="r",
        code=550,
        status="5.1.1",
    )
    app.log.record([Fact(derive_id(NOW_MS, uuid4().bytes), event)], asking(workspace))


def drain(follower: Follower) -> None:
    while follower.step():
        pass


def test_an_event_has_one_reaction_and_a_repeat_has_the_same_command_id(
    app: Adapters, worker: Adapters
) -> None:
    workspace, policy = uuid4(), Chronicler()
    for attempt in (1, 2):
        bounce(app, workspace, contact=uuid4(), message=uuid4(), attempt=attempt)
    drain(Follower(worker, policy))
    drain(Follower(worker, policy))
    assert policy.seen == [1, 2]
    # The runner died after its reactions and before its cursor moved.
    with worker.pool.connection() as connection:
        connection.execute("UPDATE policy_cursors SET position = 0")
    drain(Follower(worker, policy))
    assert policy.seen == [1, 2, 1, 2]
    assert policy.commands[:2] == policy.commands[2:]
    assert len(set(policy.commands)) == 2


def test_a_bad_event_is_parked_with_its_kin_and_the_others_go_on(
    app: Adapters, worker: Adapters
) -> None:
    workspace, bad, message = uuid4(), uuid4(), uuid4()
    policy = Chronicler(poison=bad)
    bounce(app, workspace, contact=bad, message=message, attempt=1)
    bounce(app, workspace, contact=uuid4(), message=message, attempt=2)
    bounce(app, workspace, contact=uuid4(), message=uuid4(), attempt=3)
    drain(Follower(worker, policy))
    assert policy.seen == [3]
    with worker.pool.connection() as connection:
        parked = connection.execute(
            "SELECT follower, key, reason FROM parked_events ORDER BY position"
        ).fetchall()
    assert [(follower, key) for follower, key, _ in parked] == [("chronicler", message)] * 2
    assert "cannot handle this" in parked[0][2]
    assert "waits behind" in parked[1][2]


class Quoting(Chronicler):
    """A policy whose database error quotes the row it was about."""

    def __init__(self, adapters: Adapters) -> None:
        super().__init__()
        self._adapters = adapters

    def react(self, event: Event, context: Context) -> None:  # noqa: ARG002 - it fails before it looks
        with self._adapters.pool.connection() as connection:
            connection.execute("SELECT 'ann@example.com'::integer")


def test_a_parked_reason_says_nothing_of_a_person(app: Adapters, worker: Adapters) -> None:
    bounce(app, uuid4(), contact=uuid4(), message=uuid4(), attempt=1)
    drain(Follower(worker, Quoting(worker)))
    with worker.pool.connection() as connection:
        parked = connection.execute("SELECT reason FROM parked_events").fetchall()
    assert len(parked) == 1
    assert "SQLSTATE 22P02" in parked[0][0]
    assert "ann@" not in parked[0][0]


def test_a_cursor_that_somebody_else_moved_is_not_moved_again(worker: Adapters) -> None:
    cursor = PolicyCursor(worker.pool, "p")
    assert cursor.position() == 0
    cursor.advance(before=0, after=5)
    with pytest.raises(PolicyFencedError):
        cursor.advance(before=0, after=9)
    assert cursor.position() == 5
