"""The event log's contract, for the adapter in memory and the one in Postgres."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from commands.ports import EventLog
from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Status
from domain.contacts.events import ContactImported
from domain.shared.errors import IllegalTransitionError
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking

pytestmark = pytest.mark.integration


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    if request.param == "memory":
        yield MemoryEventLog()
    else:
        yield request.getfixturevalue("app").log


@pytest.fixture(params=["read", "fresh"], autouse=True)
def fresh(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts say the id is new, also where it is not: the answers are the same."""
    monkeypatch.setitem(HOW, "fresh", request.param == "fresh")


HOW = {"fresh": False}


def draft(log: EventLog, campaign_id, context, name="Spring"):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    return log.decide(
        CAMPAIGN,
        campaign_id,
        lambda c: decider.draft(c, campaign_id=campaign_id, name=name, template_id=uuid4()),
        context,
        fresh=HOW["fresh"],
    )


def test_a_decision_is_folded_from_what_was_appended(log: EventLog) -> None:
    context, campaign = asking(uuid4()), uuid4()
    position = draft(log, campaign, context)
    assert position > 0
    assert log.state(CAMPAIGN, campaign, context).status is Status.DRAFT


def test_the_same_command_again_gets_the_first_answer(log: EventLog) -> None:
    context, campaign = asking(uuid4()), uuid4()
    first = draft(log, campaign, context)
    assert draft(log, campaign, context) == first


def test_another_command_is_decided_anew(log: EventLog) -> None:
    workspace, campaign = uuid4(), uuid4()
    draft(log, campaign, asking(workspace))
    with pytest.raises(IllegalTransitionError, match="use a new id"):
        draft(log, campaign, asking(workspace))


def test_a_decision_without_events_returns_the_streams_position(log: EventLog) -> None:
    workspace, campaign = uuid4(), uuid4()
    position = draft(log, campaign, asking(workspace))
    assert log.decide(CAMPAIGN, campaign, lambda _: [], asking(workspace)) == position


def test_a_fact_told_twice_is_one_row(log: EventLog) -> None:
    workspace, contact = uuid4(), uuid4()
    fact = Fact(
        derive_id(1_780_000_000_000, contact.bytes),
        ContactImported(contact_id=contact, import_id=uuid4(), row=1, email="a@example.com"),
    )
    other = Fact(derive_id(1_780_000_000_000, uuid4().bytes), fact.event)
    first = log.record([fact], asking(workspace))
    second = log.record([fact, other], asking(workspace))
    assert second > first
    third = log.record([fact, other], asking(workspace))
    assert third >= second


def test_a_stream_of_another_workspace_is_empty(log: EventLog) -> None:
    campaign = uuid4()
    draft(log, campaign, asking(uuid4()))
    assert log.state(CAMPAIGN, campaign, asking(uuid4())).status is Status.ABSENT
