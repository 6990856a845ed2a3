"""What may be decided about messages that nobody tries any more."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.delivery import bulk_letters
from commands.delivery.discard_dead_letter import DiscardDeadLetter, discard_dead_letter
from commands.delivery.discard_dead_letters import DiscardDeadLetters, discard_dead_letters
from commands.delivery.ports import LetterFilter
from commands.delivery.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from commands.delivery.redrive_dead_letters import RedriveDeadLetters, redrive_dead_letters
from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from commands.policies.report_resolves_uncertain import ReportResolvesUncertain
from commands.ports import Effect
from domain.campaigns.decider import CAMPAIGN
from domain.delivery.bounce_events import EmailDelivered
from domain.delivery.dead_letter import DeadLetter, discard, redrive
from domain.delivery.events import EmailBounced
from domain.delivery.outcome_events import (
    EmailDiscarded,
    EmailRedriven,
    Resolution,
    SystemMailDiscarded,
    UncertainResolved,
)
from domain.delivery.requeueing import Campaign, NotMailableError
from domain.delivery.uncertain import Uncertain, resolve
from domain.shared.context import Context
from domain.shared.errors import (
    ConcurrentChangeError,
    DomainError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
)
from domain.shared.model import Fact
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import CAMPAIGN_ID, COMPLETED, FROZEN, RUNNING, message_of
from tests.support.memory_ports import Said

WORKSPACE, PERSON, COMMAND = uuid4(), uuid4(), uuid4()
MESSAGE = message_of(CAMPAIGN_ID, PERSON)
SENDING = Campaign("running")
LETTER = DeadLetter(
    message_id=MESSAGE, kind="campaign", campaign_id=CAMPAIGN_ID, contact_id=PERSON, attempt=4
)
SYSTEM = DeadLetter(
    message_id=MESSAGE, kind="invitation", campaign_id=None, contact_id=None, attempt=2
)
LOST = Uncertain(message_id=MESSAGE, campaign_id=CAMPAIGN_ID, contact_id=PERSON, attempt=1)
changed = msgspec.structs.replace


def redriven(letter: DeadLetter, campaign: Campaign = SENDING, *, sandbox: bool = False) -> Fact:
    return redrive(
        letter, campaign=campaign, reason=" the relay was down ", command_id=COMMAND,
        sandbox=sandbox,
    )  # fmt: skip


def test_a_dead_letter_is_queued_again_with_who_made_how_many_attempts_and_why() -> None:
    fact = redriven(LETTER)
    assert fact.event == EmailRedriven(
        message_id=MESSAGE, campaign_id=CAMPAIGN_ID, contact_id=PERSON, attempt=4,
        reason="the relay was down",
    )  # fmt: skip
    assert redriven(LETTER).fact_id == fact.fact_id, "twice the same decision is one fact"
    assert redriven(changed(LETTER, attempt=8)).fact_id != fact.fact_id, "it failed once more"


@pytest.mark.parametrize(
    ("letter", "campaign", "error", "words"),
    [
        (changed(LETTER, stopped="unsubscribed"), SENDING, NotMailableError, "unsubscribed"),
        (changed(LETTER, stopped="suppressed"), SENDING, NotMailableError, "is suppressed"),
        (changed(LETTER, stopped="erased"), SENDING, NotMailableError, "was erased"),
        (changed(LETTER, stopped="deleted"), SENDING, NotMailableError, "in the trash"),
        (LETTER, Campaign("draft"), IllegalTransitionError, "is draft"),
        (LETTER, Campaign("cancelled"), IllegalTransitionError, "is cancelled"),
        (LETTER, Campaign("completed", deleted=True), IllegalTransitionError, "in the trash"),
        (changed(LETTER, state="redriven"), SENDING, IllegalTransitionError, "redriven already"),
        (changed(LETTER, state="discarded"), SENDING, IllegalTransitionError, "discarded already"),
        (SYSTEM, SENDING, IllegalTransitionError, "ask for a new one"),
    ],
)
def test_what_cannot_be_sent_is_not_queued_again(
    letter: DeadLetter, campaign: Campaign, error: type[DomainError], words: str
) -> None:
    with pytest.raises(error, match=words):
        redriven(letter, campaign)


def test_a_test_key_sends_nothing_again_to_people() -> None:
    with pytest.raises(IllegalTransitionError, match="use a live key"):
        redriven(LETTER, sandbox=True)
    assert redriven(LETTER, Campaign("running", sandbox=True), sandbox=True)


def test_a_repeated_command_is_decided_alike_whatever_it_changed() -> None:
    done = changed(LETTER, state="redriven", settled_by=COMMAND, stopped="unsubscribed")
    assert redriven(done) == redriven(LETTER)
    put_away = changed(LETTER, state="discarded", settled_by=COMMAND)
    assert discard(put_away, reason="old", command_id=COMMAND) == discard(
        LETTER, reason="old", command_id=COMMAND
    )


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_decision_needs_a_reason(reason: str) -> None:
    with pytest.raises(InvalidInputError, match="say why"):
        discard(LETTER, reason=reason, command_id=COMMAND)


def test_a_discarded_letter_says_so_of_campaigns_and_of_the_systems_own_mail() -> None:
    fact = discard(LETTER, reason="old", command_id=COMMAND)
    assert isinstance(fact.event, EmailDiscarded)
    system = discard(SYSTEM, reason="old", command_id=COMMAND)
    assert system.event == SystemMailDiscarded(mail_id=MESSAGE, kind="invitation", reason="old")
    with pytest.raises(IllegalTransitionError, match="redriven already"):
        discard(changed(LETTER, state="redriven"), reason="old", command_id=COMMAND)


def resolved(
    uncertain: Uncertain, resolution: Resolution, campaign: Campaign = SENDING
) -> UncertainResolved:
    fact = resolve(
        uncertain, resolution=resolution, campaign=campaign, reason="asked", command_id=COMMAND
    )
    assert isinstance(fact.event, UncertainResolved)
    return fact.event


def test_an_uncertain_message_is_resolved_once() -> None:
    assert resolved(LOST, Resolution.DELIVERED).resolution is Resolution.DELIVERED
    done = changed(LOST, resolution="lost", settled_by=uuid4())
    with pytest.raises(IllegalTransitionError, match="resolved as lost already"):
        resolved(done, Resolution.RESEND)
    again = changed(LOST, resolution="lost", settled_by=COMMAND)
    assert resolved(again, Resolution.LOST) == resolved(LOST, Resolution.LOST)


def test_only_sending_again_asks_whether_it_may_be_sent() -> None:
    gone = changed(LOST, stopped="erased")
    assert resolved(gone, Resolution.LOST, Campaign("cancelled"))
    with pytest.raises(NotMailableError, match="erased"):
        resolved(gone, Resolution.RESEND)


class MemoryLetters:
    """The port `commands.delivery.ports.DeadLetters`."""

    def __init__(self, *letters: DeadLetter) -> None:
        self.letters = letters

    def find(self, workspace_id: UUID, message_id: UUID) -> DeadLetter | None:
        del workspace_id
        return next((made for made in self.letters if made.message_id == message_id), None)

    def pages(
        self, workspace_id: UUID, wanted: LetterFilter, *, limit: int
    ) -> Iterator[Sequence[DeadLetter]]:
        del workspace_id, wanted
        for at in range(0, len(self.letters), limit):
            yield self.letters[at : at + limit]

    def requeue(
        self,
        workspace_id: UUID,
        messages: Sequence[UUID],
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Effect:
        del workspace_id, command_id
        return Said("queue again", (list(messages), list(completed)))

    def discard(self, workspace_id: UUID, messages: Sequence[UUID], *, command_id: UUID) -> Effect:
        del workspace_id, command_id
        return Said("discard", list(messages))


class MemoryUncertain:
    """The port `commands.delivery.ports.UncertainMessages`."""

    def __init__(self, found: Uncertain | None) -> None:
        self.found = found

    def find(self, workspace_id: UUID, message_id: UUID) -> Uncertain | None:
        del workspace_id, message_id
        return self.found

    def requeue(
        self,
        workspace_id: UUID,
        message_id: UUID,
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Effect:
        del workspace_id, command_id
        return Said("queue again", ([message_id], list(completed)))

    def resolve(
        self, workspace_id: UUID, message_id: UUID, *, resolution: str, command_id: UUID
    ) -> Effect:
        del workspace_id, message_id, command_id
        return Said(f"resolve {resolution}")


@pytest.fixture
def log() -> MemoryEventLog:
    """The log of a campaign that was sent to its end."""
    log = MemoryEventLog()
    for event in (*RUNNING, FROZEN, COMPLETED):
        log.decide(CAMPAIGN, CAMPAIGN_ID, lambda _, event=event: [event], asking(WORKSPACE))  # type: ignore[misc]
    return log


def said(log: MemoryEventLog) -> list[Said]:
    return [effect for effect in log.effects if isinstance(effect, Said)]


def test_one_letter_is_queued_and_the_gate_of_its_completed_campaign_opened(
    log: MemoryEventLog,
) -> None:
    command = RedriveDeadLetter(message_id=MESSAGE, reason="again")
    position = redrive_dead_letter(command, asking(WORKSPACE), log, MemoryLetters(LETTER))
    assert isinstance(log.events[position - 1][2], EmailRedriven)
    assert said(log) == [Said("queue again", ([MESSAGE], [CAMPAIGN_ID]))]
    with pytest.raises(NotFoundError):
        redrive_dead_letter(command, asking(WORKSPACE), log, MemoryLetters())
    with pytest.raises(IllegalTransitionError, match="ask for a new one"):
        redrive_dead_letter(command, asking(WORKSPACE), log, MemoryLetters(SYSTEM))


def test_one_letter_is_discarded(log: MemoryEventLog) -> None:
    command = DiscardDeadLetter(message_id=MESSAGE, reason="old")
    discard_dead_letter(command, asking(WORKSPACE), log, MemoryLetters(LETTER))
    assert said(log) == [Said("discard", [MESSAGE])]
    with pytest.raises(NotFoundError):
        discard_dead_letter(command, asking(WORKSPACE), log, MemoryLetters())


def letters(count: int) -> list[DeadLetter]:
    people = [UUID(int=n) for n in range(count)]
    return [
        changed(LETTER, message_id=message_of(CAMPAIGN_ID, who), contact_id=who) for who in people
    ]


def test_all_that_match_are_queued_in_chunks_and_the_refused_are_counted(
    log: MemoryEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_letters, "CHUNK", 2)
    monkeypatch.setattr(bulk_letters, "MOST", 3)
    some = letters(8)
    some[0] = changed(some[0], stopped="unsubscribed")
    some[2:4] = [changed(each, stopped="erased") for each in some[2:4]]
    done = redrive_dead_letters(
        RedriveDeadLetters(wanted=LetterFilter(), reason="again"),
        asking(WORKSPACE),
        log,
        MemoryLetters(*some),
    )
    assert (done.settled, done.refused, done.more) == (3, {"not_mailable": 3}, True)
    queued = [effect.about[0] for effect in said(log)]  # type: ignore[index]
    assert queued == [[some[1].message_id], [some[4].message_id, some[5].message_id]]


class Contended(MemoryEventLog):
    """Somebody else settles what we are about to settle."""

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        del facts, context, effects
        raise ConcurrentChangeError("meanwhile")


def test_a_chunk_that_somebody_else_settles_is_counted_as_refused() -> None:
    command = DiscardDeadLetters(wanted=LetterFilter(), reason="old")
    done = discard_dead_letters(command, asking(WORKSPACE), Contended(), MemoryLetters(LETTER))
    assert (done.settled, done.refused) == (0, {"concurrent_change": 1})


def test_all_that_match_are_discarded_the_systems_own_mail_too(log: MemoryEventLog) -> None:
    command = DiscardDeadLetters(wanted=LetterFilter(), reason="old")
    other = changed(SYSTEM, message_id=uuid4())
    done = discard_dead_letters(command, asking(WORKSPACE), log, MemoryLetters(LETTER, other))
    assert (done.settled, done.more) == (2, False)


def test_letters_of_system_mail_are_refused_when_all_are_queued_again(log: MemoryEventLog) -> None:
    command = RedriveDeadLetters(wanted=LetterFilter(), reason="again")
    done = redrive_dead_letters(command, asking(WORKSPACE), log, MemoryLetters(SYSTEM))
    assert (done.settled, done.refused) == (0, {"illegal_transition": 1})


@pytest.mark.parametrize(
    ("resolution", "effect"),
    [
        (Resolution.DELIVERED, Said("resolve delivered")),
        (Resolution.LOST, Said("resolve lost")),
        (Resolution.RESEND, Said("queue again", ([MESSAGE], [CAMPAIGN_ID]))),
    ],
)
def test_an_answer_resolves_and_only_resend_queues(
    log: MemoryEventLog, resolution: Resolution, effect: Said
) -> None:
    command = ResolveUncertain(message_id=MESSAGE, resolution=resolution, reason="asked the relay")
    resolve_uncertain(command, asking(WORKSPACE), log, MemoryUncertain(LOST))
    assert said(log) == [effect]
    with pytest.raises(NotFoundError):
        resolve_uncertain(command, asking(WORKSPACE), log, MemoryUncertain(None))


def bounced(*, attempt: int) -> EmailBounced:
    return EmailBounced(
        message_id=MESSAGE, campaign_id=CAMPAIGN_ID, contact_id=PERSON, attempt=attempt, relay="",
        code=550, status="5.1.1",
    )  # fmt: skip


def test_a_bounce_that_comes_back_later_resolves_what_was_uncertain(log: MemoryEventLog) -> None:
    policy = ReportResolvesUncertain(log, MemoryUncertain(LOST))
    policy.react(bounced(attempt=1), asking(WORKSPACE))
    assert said(log) == []
    policy.react(bounced(attempt=0), asking(WORKSPACE))
    assert said(log) == [Said("resolve bounced")]
    known = changed(LOST, resolution="lost", settled_by=uuid4())
    for found in (known, None):  # resolved already, or never uncertain
        ReportResolvesUncertain(log, MemoryUncertain(found)).react(
            bounced(attempt=0), asking(WORKSPACE)
        )
    assert len(said(log)) == 1
    arrived = EmailDelivered(
        message_id=MESSAGE, campaign_id=CAMPAIGN_ID, contact_id=PERSON, action="relayed"
    )
    policy.react(arrived, asking(WORKSPACE))
    assert said(log)[1:] == [Said("resolve delivered")]


def test_a_campaign_that_still_runs_needs_no_gate_opened() -> None:
    log = MemoryEventLog()
    for event in RUNNING:
        log.decide(CAMPAIGN, CAMPAIGN_ID, lambda _, event=event: [event], asking(WORKSPACE))  # type: ignore[misc]
    command = ResolveUncertain(message_id=MESSAGE, resolution=Resolution.RESEND, reason="asked")
    resolve_uncertain(command, asking(WORKSPACE), log, MemoryUncertain(LOST))
    redrive = RedriveDeadLetter(message_id=MESSAGE, reason="again")
    redrive_dead_letter(redrive, asking(WORKSPACE), log, MemoryLetters(LETTER))
    assert said(log) == [Said("queue again", ([MESSAGE], []))] * 2
