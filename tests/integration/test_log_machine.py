"""Whatever is appended, repeated, raced, erased or rebuilt, in any order: the log is the model.

A hypothesis state machine on real PostgreSQL. Each run plays in a workspace of its own, and ends
with every read model compared to the fold of the log. LOG_MACHINE_RUNS=500 plays more of them.
"""

import os
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace

from domain.contacts.decider import CONSENT, Consent
from domain.contacts.events import Channel, ConsentEvent, ContactUnsubscribed
from domain.shared.context import Context
from domain.shared.model import Event, Fact
from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.event_types import personal_fields
from infra.eventstore.sealer import seal_next
from infra.postgres.connections import Role
from infra.projecting.rebuild import Shadow, rebuild
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.builders import (
    CAMPAIGN_ID,
    a_fact,
    contact_imported,
    email_sent,
    emails_queued,
    fact,
)
from tests.support.erasing import erase
from tests.support.log_invariants import faults_of
from tests.support.working import catch_up

pytestmark = [pytest.mark.integration, pytest.mark.property, pytest.mark.slow]

RUNS = int(os.environ.get("LOG_MACHINE_RUNS", "8"))
STEPS = 16
T = TypeVar("T")


class LogMachine(RuleBasedStateMachine):
    """The model: what must stand in the log, who was told which answer, whose key is gone."""

    def __init__(self, app: Adapters, worker: Adapters) -> None:
        super().__init__()
        self.app, self.worker, self.workspace = app, worker, uuid4()
        self.facts: dict[UUID, Event] = {}
        self.decided: dict[UUID, list[ConsentEvent]] = {}
        self.answers: list[tuple[Context, Callable[[Context], int], int]] = []
        self.erased: set[UUID] = set()
        self.people: list[UUID] = []

    def answered(self, context: Context, ask: Callable[[Context], int]) -> None:
        self.answers.append((context, ask, ask(context)))

    @rule(new=st.integers(0, 4), old=st.integers(0, 3), sealed=st.booleans())
    def record(self, new: int, old: int, *, sealed: bool) -> None:
        """Some facts are new; some were told before, and stay one row."""
        fresh = [self.a_sealed_fact() if sealed else a_fact() for _ in range(new)]
        told = [
            Fact(fact_id, event)
            for fact_id, event in self.facts.items()
            if getattr(event, "contact_id", None) not in self.erased
        ][:old]
        context = asking(self.workspace)
        appended = self.app.log.append_facts([*told, *fresh], context)
        assert appended.count == new
        self.facts |= {f.fact_id: f.event for f in fresh}
        self.answers.append(
            (
                context,
                lambda c: self.app.log.record([*told, *fresh], c),
                appended.last_position,
            )
        )

    def a_sealed_fact(self) -> Fact:
        person = uuid4()
        self.people.append(person)
        return fact(contact_imported(person, email=f"{person.hex[:8]}@example.com"))

    @precondition(lambda self: self.living())
    @rule(which=st.integers(0, 99))
    def a_mail_is_sent(self, which: int) -> None:
        """A message has one outcome an attempt: told again, it is the same fact."""
        person = self.one_of(self.living(), which)
        told = [
            fact(emails_queued(CAMPAIGN_ID, [person]), b"queued", person.bytes),
            fact(email_sent(CAMPAIGN_ID, person), b"sent", person.bytes),
        ]
        self.answered(asking(self.workspace), lambda c: self.app.log.record(told, c))
        self.facts |= {f.fact_id: f.event for f in told}

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 99), rivals=st.integers(0, 2))
    def decide(self, which: int, rivals: int) -> None:
        """While this is decided, rivals append to the same stream: the version they made counts."""
        person, left = self.one_of(self.people, which), rivals
        stream = self.decided.setdefault(person, [])

        def decision(_: Consent) -> Sequence[ConsentEvent]:
            nonlocal left
            if left:
                left -= 1
                self.append(person, Channel.PAGE)
            return [ContactUnsubscribed(contact_id=person, via=Channel.API)]

        context = asking(self.workspace)
        position = self.app.log.decide(CONSENT, person, decision, context)
        stream.append(ContactUnsubscribed(contact_id=person, via=Channel.API))
        self.answers.append((context, lambda c: self.decide_nothing(person, c), position))

    def append(self, person: UUID, via: Channel) -> None:
        event = ContactUnsubscribed(contact_id=person, via=via)
        self.app.log.decide(CONSENT, person, lambda _: [event], asking(self.workspace))
        self.decided[person].append(event)

    def decide_nothing(self, person: UUID, context: Context) -> int:
        """The same command, when there is nothing more to decide."""
        return self.app.log.decide(CONSENT, person, lambda _: [], context)

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 99))
    def repeat_a_command(self, which: int) -> None:
        """Its answer was lost: it is told again, with the same id, and gets the same answer."""
        context, ask, answer = self.one_of(self.answers, which)
        assert ask(context) == answer

    @precondition(lambda self: self.living())
    @rule(which=st.integers(0, 99))
    def erase_a_person(self, which: int) -> None:
        person = self.one_of(self.living(), which)
        erase(self.app, self.workspace, person)
        self.erased.add(person)

    def living(self) -> list[UUID]:
        return [person for person in self.people if person not in self.erased]

    @rule(name=st.sampled_from(list(PROJECTIONS)))
    def rebuild_a_model(self, name: str) -> None:
        with (
            self.worker.connection(Role.MIGRATOR) as owner,
            self.worker.connection(Role.WORKER) as filler,
        ):
            shadow = Shadow(PROJECTIONS[name], self.worker.mapper, owner=owner, worker=filler)
            note(f"{name}: {rebuild(shadow)}")

    @rule()
    def project(self) -> None:
        catch_up(self.worker)

    @rule()
    def seal(self) -> None:
        with self.worker.connection(Role.SEALER) as connection:
            seal_next(connection, SigningKey(self.worker.settings.secret_key))

    @staticmethod
    def one_of(things: Sequence[T], which: int) -> T:
        return things[which % len(things)]

    def readable(self, event: Event) -> Event:
        """Return the event as it can be read now: nothing personal of a person who was erased."""
        if getattr(event, "contact_id", None) not in self.erased:
            return event
        return replace(event, **dict.fromkeys(personal_fields(type(event))))

    def teardown(self) -> None:
        self.project()
        self.seal()
        assert faults_of(self.worker) == []
        rows = [
            row
            for page in self.worker.reader.pages(0)
            for row in page
            if row.workspace_id == self.workspace
        ]
        decode, mapper = self.worker.mapper.decode, self.worker.mapper
        opened = mapper.open(self.workspace, [(decode(r.tag, r.data), r.data) for r in rows])
        facts = {
            row.stream_id: event
            for row, event in zip(rows, opened, strict=True)
            if row.version == 0
        }
        decided: dict[UUID, list[Event]] = {}
        for row, event in zip(rows, opened, strict=True):
            if isinstance(event, ContactUnsubscribed):
                assert row.version == len(decided.setdefault(row.stream_id, [])) + 1
                decided[row.stream_id].append(event)
        assert facts == {fact_id: self.readable(event) for fact_id, event in self.facts.items()}
        assert decided == {person: events for person, events in self.decided.items() if events}


def test_the_log_and_every_model_say_what_was_asked(app: Adapters, worker: Adapters) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: LogMachine(app, worker),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
