"""Modes of delivery: what is sent again, what is said of it, and the choice of a workspace."""

from uuid import UUID, uuid4

import pytest

from commands.delivery.choose_delivery_mode import ChooseDeliveryMode, choose_delivery_mode
from domain.delivery.delivery_mode import (
    DELIVERY_MODE,
    MOST_IN_DOUBT,
    mode_stream,
    repeated,
    sends_again,
)
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.fact_ids import outcome_id
from domain.delivery.outcome_events import Resolution, UncertainResolved
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import Said

ID = UUID(int=1)


@pytest.mark.parametrize(
    ("mode", "attempt", "again"),
    [
        (DeliveryMode.AT_MOST_ONCE, 1, False),
        (DeliveryMode.AT_LEAST_ONCE, 1, True),
        (DeliveryMode.AT_LEAST_ONCE, MOST_IN_DOUBT, False),
    ],
)
def test_only_at_least_once_sends_again_and_not_for_ever(
    mode: DeliveryMode, attempt: int, *, again: bool
) -> None:
    assert sends_again(mode, attempt=attempt) is again


def test_a_repeat_is_said_once_an_attempt_and_names_what_it_follows() -> None:
    facts = [
        repeated(message_id=ID, campaign_id=ID, contact_id=ID, attempt=attempt)
        for attempt in (1, 1, 2)
    ]
    assert len({fact.fact_id for fact in facts}) == 2
    event = facts[0].event
    assert isinstance(event, UncertainResolved)
    assert (event.resolution, event.caused_by) == (Resolution.RESEND, outcome_id(ID, 1))


class MemoryModes:
    def choose(self, workspace_id: UUID, bulk: DeliveryMode | None) -> Said:
        del workspace_id
        return Said("choose", bulk)


def test_a_workspace_chooses_and_follows_the_installation_again() -> None:
    log, workspace = MemoryEventLog(), uuid4()
    for bulk in (DeliveryMode.AT_LEAST_ONCE, DeliveryMode.AT_LEAST_ONCE, None):
        choose_delivery_mode(ChooseDeliveryMode(bulk), asking(workspace), log, MemoryModes())
        state = log.state(DELIVERY_MODE, mode_stream(workspace), asking(workspace))
        assert state.bulk is bulk
