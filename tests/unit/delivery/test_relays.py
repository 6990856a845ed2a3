"""What is decided about relays: that they are used, their breaker, and which is next."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.delivery.add_relay import AddRelay, Credentials, add_relay
from commands.delivery.change_relay import disable_relay, enable_relay, remove_relay
from domain.delivery import relay as decisions
from domain.delivery.relay import LONGEST_PAUSE_S, PROBE_S, RELAY, Relay
from domain.delivery.relay_choice import after_sending, next_relay
from domain.delivery.relay_events import (
    RelayAdded,
    RelayClosed,
    RelayDisabled,
    RelayEnabled,
    RelayEvent,
    RelayOpened,
    RelayProbed,
    RelayRemoved,
)
from domain.shared.errors import IllegalTransitionError, InvalidInputError, NotFoundError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import Said
from tests.support.scenario import Scenario

ONE, OTHER, ID = UUID(int=1), UUID(int=2), UUID(int=9)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDED = RelayAdded(
    relay_id=ID,
    label="First",
    host="smtp.example.com",
    port=587,
    tls="require",
    has_credentials=True,
    rate_per_s=0,
    connections=4,
    messages_per_connection=100,
    weight=1,
)
OPENED = RelayOpened(
    relay_id=ID, evidence="connect_failed", trips=1, next_probe_at=NOON + timedelta(seconds=5)
)
PROBED = RelayProbed(relay_id=ID, prober=ONE, until=NOON + timedelta(seconds=5 + PROBE_S))


def relay(*events: RelayEvent) -> Scenario[Relay, RelayEvent]:
    return Scenario(RELAY).given(ADDED, *events)


def failed(state: Relay, by: UUID = ONE) -> list[RelayEvent]:
    return decisions.fail(
        state, relay_id=ID, by=by, evidence="connect_failed", now=NOON, jitter=0.5
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": " "}, "a label and a host"),
        ({"host": ""}, "a label and a host"),
        ({"port": 0}, "from 1 to 65535"),
        ({"port": 65_536}, "from 1 to 65535"),
        ({"tls": "off"}, "tls is one of"),
        ({"tls": "may"}, "only over verified TLS"),
        ({"weight": 0}, "at least 1"),
        ({"connections": 0}, "at least 1"),
        ({"messages_per_connection": 0}, "at least 1"),
        ({"rate_per_s": -1.0}, "not negative"),
    ],
)
def test_what_is_wrong_with_a_relay_is_named(change: dict[str, object], words: str) -> None:
    added = msgspec.structs.replace(ADDED, **change)
    Scenario(RELAY).when(lambda state: decisions.add(state, added=added)).refused(
        InvalidInputError, words
    )


def test_a_relay_is_added_once() -> None:
    relay().when(lambda state: decisions.add(state, added=ADDED)).refused(
        IllegalTransitionError, "already"
    )


def test_disabling_and_enabling_say_only_what_changes() -> None:
    disabled, enabled = RelayDisabled(relay_id=ID), RelayEnabled(relay_id=ID)
    relay().when(lambda state: decisions.disable(state, relay_id=ID)).then(disabled)
    relay(disabled).when(lambda state: decisions.disable(state, relay_id=ID)).then()
    relay(disabled).when(lambda state: decisions.enable(state, relay_id=ID)).then(enabled)
    relay(disabled, enabled).when(lambda state: decisions.enable(state, relay_id=ID)).then()


def test_what_was_removed_is_not_there() -> None:
    gone = RelayRemoved(relay_id=ID)
    relay().when(lambda state: decisions.remove(state, relay_id=ID)).then(gone)
    relay(gone).when(lambda state: decisions.enable(state, relay_id=ID)).refused(
        NotFoundError, "no such relay"
    )
    relay(gone).when(failed).then()


def test_the_breaker_opens_with_its_evidence_and_hears_of_more_failures_in_silence() -> None:
    relay().when(failed).then(OPENED)
    relay(OPENED).when(failed).then()
    relay(OPENED, PROBED).when(lambda state: failed(state, OTHER)).then()


def test_a_failed_probe_opens_it_for_longer_up_to_the_longest_pause() -> None:
    scenario = relay(OPENED, PROBED).when(failed)
    again = msgspec.structs.replace(OPENED, trips=2, next_probe_at=NOON + timedelta(seconds=10))
    scenario.then(again)
    many = msgspec.structs.replace(OPENED, trips=40)
    state = RELAY.fold([ADDED, many, PROBED])
    (last,) = failed(state)
    assert isinstance(last, RelayOpened)
    assert last.next_probe_at == NOON + timedelta(seconds=LONGEST_PAUSE_S)


def test_one_dispatcher_probes_after_the_pause_and_another_only_when_it_is_not_heard_of() -> None:
    def probed(by: UUID, after_s: float) -> list[RelayEvent]:
        return decisions.probe(state, relay_id=ID, by=by, now=NOON + timedelta(seconds=after_s))

    state = RELAY.fold([ADDED, OPENED])
    assert probed(ONE, 4.9) == []
    assert probed(ONE, 5) == [PROBED]
    state = RELAY.fold([ADDED, OPENED, PROBED])
    assert probed(OTHER, 6) == []
    assert len(probed(OTHER, 5 + PROBE_S)) == 1
    for nothing_to_probe in ([ADDED], [], [ADDED, OPENED, RelayDisabled(relay_id=ID)]):
        state = RELAY.fold(list(nothing_to_probe))
        assert probed(ONE, 1000) == []


def test_an_open_breaker_without_a_time_may_be_probed() -> None:
    state = msgspec.structs.replace(RELAY.fold([ADDED, OPENED]), next_probe_at=None)
    assert len(decisions.probe(state, relay_id=ID, by=ONE, now=NOON)) == 1


def test_only_the_probes_own_answer_closes_it() -> None:
    closed = RelayClosed(relay_id=ID)
    probing = relay(OPENED, PROBED)
    state = probing.when(lambda s: decisions.recover(s, relay_id=ID, by=ONE)).then(closed)
    assert (state.open, state.trips) == (False, 0)
    relay(OPENED, PROBED).when(lambda s: decisions.recover(s, relay_id=ID, by=OTHER)).then()
    relay().when(lambda s: decisions.recover(s, relay_id=ID, by=ONE)).then()


def test_each_relay_gets_its_weights_share_of_the_messages_whatever_the_chunks() -> None:
    weights, sizes = {ONE: 3, OTHER: 1}, {ONE: 40, OTHER: 7}
    owed: dict[UUID, float] = {}
    got: Counter[UUID] = Counter()
    for _ in range(400):
        chosen = next_relay(weights, owed)
        got[chosen] += sizes[chosen]
        owed = after_sending(weights, owed, through=chosen, messages=sizes[chosen])
    assert abs(got[ONE] - 3 * got[OTHER]) <= 80


def test_a_relay_that_was_away_does_not_catch_up() -> None:
    owed = after_sending({ONE: 1}, {OTHER: 500.0}, through=ONE, messages=10)
    assert owed == {ONE: 0.0}
    assert next_relay({ONE: 1, OTHER: 5}, owed) == OTHER


class MemoryRelays:
    def add(self, workspace_id: UUID, added: RelayAdded, credentials: Credentials | None) -> Said:
        del workspace_id, added
        return Said("add", credentials)

    def keep(self, workspace_id: UUID, event: RelayEvent) -> Said:
        del workspace_id
        return Said("keep", event)


def test_each_verb_records_its_event() -> None:
    log, workspace = MemoryEventLog(), uuid4()
    relays = MemoryRelays()
    secret = Credentials(username="u", password="canary")
    assert "canary" not in repr(secret)
    add_relay(AddRelay(added=ADDED, credentials=secret), asking(workspace), log, relays)
    disable_relay(ID, asking(workspace), log, relays)
    enable_relay(ID, asking(workspace), log, relays)
    remove_relay(ID, asking(workspace), log, relays)
    assert not log.state(RELAY, ID, asking(workspace)).exists
