"""Rates of sending: what may be bounded, by whom, told in facts."""

from uuid import UUID, uuid4

import pytest

from commands.delivery.bound_in_flight import BoundInFlight, bound_in_flight
from commands.delivery.set_send_rate import SetSendRate, set_send_rate
from domain.delivery.send_rate import SEND_RATE, Bounded, SendRate, allow, checked, rate_id
from domain.delivery.send_rate import bound as bound_to
from domain.delivery.send_rate_events import (
    InFlightBounded,
    RateKind,
    SendRateEvent,
    SendRateLifted,
    SendRateSet,
)
from domain.shared.errors import InvalidInputError, PermissionMissingError
from domain.shared.platform import PLATFORM
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import Said
from tests.support.scenario import Scenario

GOOGLE = Bounded(RateKind.DESTINATION, "google")
TWENTY = SendRateSet(kind=RateKind.DESTINATION, key="google", rate_per_s=20, burst=20)
LIFTED = SendRateLifted(kind=RateKind.DESTINATION, key="google")


def told(*events: SendRateEvent) -> Scenario[SendRate, SendRateEvent]:
    return Scenario(SEND_RATE).given(*events)


def asked(rate_per_s: float | None, burst: float | None = None) -> list[SendRateEvent]:
    return allow(SendRate(), bounded=GOOGLE, rate_per_s=rate_per_s, burst=burst)


def test_a_rate_is_set_changed_and_lifted_once_each() -> None:
    def twenty(state: SendRate) -> list[SendRateEvent]:
        return allow(state, bounded=GOOGLE, rate_per_s=20, burst=None)

    def lift(state: SendRate) -> list[SendRateEvent]:
        return allow(state, bounded=GOOGLE, rate_per_s=None, burst=None)

    assert told().when(twenty).then(TWENTY) == SendRate(20, 20)
    told(TWENTY).when(twenty).then()
    assert told(TWENTY).when(lift).then(LIFTED) == SendRate()
    told(TWENTY, LIFTED).when(lift).then()


def test_the_burst_is_a_seconds_and_at_least_one_message() -> None:
    assert [event.burst for event in asked(0.5) if isinstance(event, SendRateSet)] == [1]
    assert [event.burst for event in asked(5, 50) if isinstance(event, SendRateSet)] == [50]


@pytest.mark.parametrize(("rate", "burst"), [(0.0, None), (1e6, None), (1.0, 0.5), (1.0, 1e6)])
def test_a_rate_that_cannot_be_kept_is_refused(rate: float, burst: float | None) -> None:
    with pytest.raises(InvalidInputError, match=r"rate_per_s|burst"):
        asked(rate, burst)


@pytest.mark.parametrize(
    ("kind", "key", "kept"),
    [
        (RateKind.WORKSPACE, "", ""),
        (RateKind.DOMAIN, "Mail.Example.com", "mail.example.com"),
        (RateKind.DESTINATION, "google", "google"),
        (RateKind.LANE, "mail.example.com google", "mail.example.com google"),
    ],
)
def test_a_key_has_one_spelling(kind: RateKind, key: str, kept: str) -> None:
    assert checked(kind, key, by_operator=True, everybodys=False) == Bounded(kind, kept)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (RateKind.WORKSPACE, "x"),
        (RateKind.DOMAIN, "localhost"),
        (RateKind.DESTINATION, "gmail.com"),
        (RateKind.LANE, "google"),
        (RateKind.LANE, "mail.example.com gmail.com"),
    ],
)
def test_a_key_that_names_nothing_is_refused(kind: RateKind, key: str) -> None:
    with pytest.raises(InvalidInputError, match="key"):
        checked(kind, key, by_operator=True, everybodys=False)


def test_what_is_the_operators_to_bound() -> None:
    with pytest.raises(PermissionMissingError):
        checked(RateKind.WORKSPACE, "", by_operator=False, everybodys=False)
    with pytest.raises(InvalidInputError, match="destination"):
        checked(RateKind.DOMAIN, "a.example", by_operator=True, everybodys=True)


class MemoryRates:
    """The port `commands.delivery.set_send_rate.SendRates`."""

    def keep(self, workspace_id: UUID, bounded: Bounded, rate: SendRate) -> Said:
        return Said("keep", (workspace_id, bounded.key, rate.rate_per_s))


def test_the_bucket_is_kept_with_the_event() -> None:
    log, here = MemoryEventLog(), uuid4()
    ours = SetSendRate(kind=RateKind.DOMAIN, key="A.example", rate_per_s=2)
    set_send_rate(ours, asking(here), log, MemoryRates())
    assert log.effects[-1] == Said("keep", (here, "a.example", 2))
    everybodys = SetSendRate(
        kind=RateKind.DESTINATION, key="google", rate_per_s=2, by_operator=True
    )
    set_send_rate(everybodys, asking(PLATFORM), log, MemoryRates())
    assert log.effects[-1] == Said("keep", (PLATFORM, "google", 2))


def test_what_is_in_flight_is_bounded_beside_the_rate() -> None:
    def bound(state: SendRate, most: int | None) -> list[SendRateEvent]:
        return bound_to(state, bounded=GOOGLE, max_in_flight=most)

    ten = InFlightBounded(kind=RateKind.DESTINATION, key="google", max_in_flight=10)
    told(TWENTY).when(lambda state: bound(state, 10)).then(ten)
    told(TWENTY, ten).when(lambda state: bound(state, 10)).then()
    told().when(lambda state: bound(state, 0)).refused(InvalidInputError, "from 1 to")
    told().when(lambda state: bound(state, 100_001)).refused(InvalidInputError, "from 1 to")
    assert SEND_RATE.fold([ten, TWENTY, LIFTED]) == SendRate(max_in_flight=10)
    lifted = InFlightBounded(kind=RateKind.DESTINATION, key="google", max_in_flight=None)
    assert SEND_RATE.fold([TWENTY, ten, lifted]) == SendRate(20, 20)


def test_the_bound_is_recorded_with_its_effect() -> None:
    log, workspace = MemoryEventLog(), uuid4()

    class Bounds:
        def bound(self, workspace_id: UUID, bounded: Bounded, max_in_flight: int | None) -> Said:
            del workspace_id
            return Said("bound", (bounded, max_in_flight))

    command = BoundInFlight(kind=RateKind.DESTINATION, key="google", max_in_flight=3)
    bound_in_flight(command, asking(workspace), log, Bounds())
    stream = rate_id(workspace, Bounded(RateKind.DESTINATION, "google"))
    assert log.state(SEND_RATE, stream, asking(workspace)).max_in_flight == 3
