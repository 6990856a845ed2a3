"""What a process of a fault schedule does: one role of the engine, until there is nothing to do.

Each runs in a child forked from a server that has everything imported, so that a crash costs
milliseconds and a schedule can have many.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import structlog

from domain.contacts.decider import CONSENT
from domain.contacts.events import Channel, ContactUnsubscribed
from domain.delivery.events import EmailBounced
from domain.shared.model import Event, Fact
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint, FailpointError, arm, die, fail
from infra.postgres.connections import Role
from infra.settings import load_settings
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import CAMPAIGN_ID, contact_imported, emails_queued, fact, message_of
from tests.support.erasing import erase
from workers.erasing import ErasureFinisher
from workers.policy_runner import Follower, policies
from workers.projector import Projector
from workers.relay import Relay
from workers.sealer import Sealer

PATIENCE_S = 10.0


class Intent(NamedTuple):
    """A command that is given until it is answered: always with the same command id."""

    verb: str  # import, bounce, leave or erase
    workspace: UUID
    command_id: UUID
    people: Sequence[UUID]


class Armed(NamedTuple):
    """Which point fails how, at which passing; `mark` is touched when it does."""

    point: Failpoint
    action: str  # die or fail
    on_hit: int
    mark: Path


def play(
    environment: Mapping[str, str], role: str, armed: Armed | None, intents: Sequence[Intent]
) -> None:
    """Be a process of this role until its work is done, or until it dies."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if armed:
        arm(armed.point, lambda: _mark_and(armed), on_hit=armed.on_hit)
    adapters = Adapters(load_settings(environment), role=Role.WORKER, name=f"fault-{role}")
    ROLES[role](adapters, intents)
    adapters.close()


def _mark_and(armed: Armed) -> None:
    armed.mark.touch()
    (die if armed.action == "die" else fail)()


def _append(adapters: Adapters, intents: Sequence[Intent]) -> None:
    for intent in intents:
        _until_answered(lambda intent=intent: VERBS[intent.verb](adapters, intent))  # type: ignore[misc]


def _until_answered(ask: Callable[[], object]) -> None:
    try:
        ask()
    except FailpointError:
        ask()  # armed for one passing


def facts_of(intent: Intent) -> list[Fact]:
    """Return what an intent records; the same facts each time it is told."""
    events: list[Event]
    if intent.verb == "import":
        events = [contact_imported(person) for person in intent.people]
    else:
        bounced = [
            EmailBounced(
                message_id=message_of(CAMPAIGN_ID, person), campaign_id=CAMPAIGN_ID,
                contact_id=person, attempt=1, relay="r", code=550, status="5.1.1",
            )
            for person in intent.people
        ]  # fmt: skip
        events = [emails_queued(CAMPAIGN_ID, intent.people), *bounced]
    return [
        fact(event, intent.command_id.bytes, n.to_bytes(2, "big")) for n, event in enumerate(events)
    ]


def _record(adapters: Adapters, intent: Intent) -> None:
    adapters.log.record(facts_of(intent), asking(intent.workspace, command_id=intent.command_id))


def _leave(adapters: Adapters, intent: Intent) -> None:
    (person,) = intent.people
    adapters.log.decide(
        CONSENT,
        person,
        lambda consent: (
            []
            if consent.unsubscribed
            else [ContactUnsubscribed(contact_id=person, via=Channel.API)]
        ),
        asking(intent.workspace, command_id=intent.command_id),
    )


def _erase(adapters: Adapters, intent: Intent) -> None:
    for person in intent.people:
        erase(adapters, intent.workspace, person)


def _finish(adapters: Adapters, _: Sequence[Intent]) -> None:
    finisher = ErasureFinisher(adapters, worker="scheduler")
    while finisher.step():
        pass


def _relay(adapters: Adapters, _: Sequence[Intent]) -> None:
    async def drain() -> None:
        mover = Relay(adapters)
        try:
            while await _tried(mover.step):
                pass
        finally:
            await mover.close()

    asyncio.run(drain())


async def _tried(step: Callable[[], object]) -> bool:
    """Do a step as the worker's loop does: what failed is tried again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return bool(await step())  # type: ignore[misc]
        except Exception:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)


def _project(adapters: Adapters, _: Sequence[Intent]) -> None:
    async def follow() -> None:
        projector = Projector(adapters, PROJECTIONS.values())
        deadline = time.monotonic() + PATIENCE_S
        try:
            while not _all_projected(adapters) and time.monotonic() < deadline:
                await projector.step()
        finally:
            await projector.close()

    asyncio.run(follow())


def _all_projected(adapters: Adapters) -> bool:
    with adapters.pool.connection() as connection:
        row = connection.execute(
            "SELECT min(position) >= (SELECT coalesce(max(position), 0) FROM events)"
            " FROM projections WHERE active"
        ).fetchone()
    return bool(row and row[0])


def _react(adapters: Adapters, _: Sequence[Intent]) -> None:
    followers = [Follower(adapters, policy) for policy in policies(adapters)]

    async def step() -> bool:
        return sum(follower.step() for follower in followers) > 0

    async def drain() -> None:
        while await _tried(step):
            pass

    asyncio.run(drain())


def _seal(adapters: Adapters, _: Sequence[Intent]) -> None:
    sealer = Sealer(adapters)

    async def step() -> bool:
        return sealer.step()

    async def drain() -> None:
        while await _tried(step):
            pass

    asyncio.run(drain())
    sealer.close()


VERBS: Mapping[str, Callable[[Adapters, Intent], None]] = {
    "import": _record,
    "bounce": _record,
    "leave": _leave,
    "erase": _erase,
}
ROLES: Mapping[str, Callable[[Adapters, Sequence[Intent]], None]] = {
    "appender": _append,
    "relay": _relay,
    "projector": _project,
    "policies": _react,
    "sealer": _seal,
    "scheduler": _finish,
}
"""The first part of a failpoint's name is the role that passes it, except: the vault's points."""


def role_of(point: Failpoint) -> str:
    """Return the role that passes a point."""
    return {"vault": "appender", "policy": "policies"}.get(part := point.partition(".")[0], part)
