"""What is decided about relays: that they are used, their breaker, and which is next."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.delivery.add_relay import AddRelay, Credentials, add_relay
from commands.delivery.change_relay import (
    ask_relay_check,
    disable_relay,
    enable_relay,
    remove_relay,
)
from commands.delivery.replace_relay_credentials import (
    ReplaceRelayCredentials,
    replace_relay_credentials,
)
from commands.delivery.tune_relay import TuneRelay, tune_relay
from domain.delivery import relay as decisions
from domain.delivery.relay import LONGEST_PAUSE_S, PROBE_S, RELAY, Relay
from domain.delivery.relay_advice import advice_for
from domain.delivery.relay_choice import after_sending, next_relay
from domain.delivery.relay_events import (
    RelayAdded,
    RelayCheckAsked,
    RelayChecked,
    RelayClosed,
    RelayCredentialsReplaced,
    RelayDisabled,
    RelayEnabled,
    RelayEvent,
    RelayOpened,
    RelayProbed,
    RelayRemoved,
    RelayTuned,
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
        ({"label": " "}, "has a label"),
        ({"host": ""}, "has a host"),
        ({"port": 0}, "from 1 to 65535"),
        ({"port": 65_536}, "from 1 to 65535"),
        ({"tls": "off"}, "tls is one of"),
        ({"tls": "may"}, "only over verified TLS"),
        ({"weight": 0}, "at least 1"),
        ({"connections": 0}, "at least 1"),
        ({"messages_per_connection": 0}, "at least 1"),
        ({"rate_per_s": -1.0}, "not negative"),
        ({"connections": 1001}, "at most 1000"),
        ({"bulk": False}, "bulk or transactional"),
        ({"transactional": True}, "installation's"),
    ],
)
def test_what_is_wrong_with_a_relay_is_named(change: dict[str, object], words: str) -> None:
    added = msgspec.structs.replace(ADDED, **change)
    Scenario(RELAY).when(lambda state: decisions.add(state, added=added, shared=False)).refused(
        InvalidInputError, words
    )


def test_a_relay_is_added_once() -> None:
    relay().when(lambda state: decisions.add(state, added=ADDED, shared=True)).refused(
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


def test_tuning_changes_what_is_named_and_says_only_what_is_new() -> None:
    def tuned(state: Relay, **changes: object) -> list[RelayEvent]:
        return decisions.tune(state, relay_id=ID, changes=changes, shared=False)

    heavier = RelayTuned(
        relay_id=ID,
        label="First",
        rate_per_s=0,
        connections=4,
        messages_per_connection=100,
        weight=5,
        bulk=True,
        transactional=False,
    )
    relay().when(lambda state: tuned(state, weight=5)).then(heavier)
    relay(heavier).when(lambda state: tuned(state, weight=5, label="First")).then()
    relay().when(lambda state: tuned(state, weight=0)).refused(InvalidInputError, "at least 1")
    Scenario(RELAY).when(lambda state: tuned(state, weight=5)).refused(NotFoundError, "no such")


def test_credentials_are_replaced_where_tls_is_verified() -> None:
    def replaced(state: Relay, *, some: bool = True) -> list[RelayEvent]:
        return decisions.replace_credentials(state, relay_id=ID, has_credentials=some)

    relay().when(replaced).then(RelayCredentialsReplaced(relay_id=ID, has_credentials=True))
    plain = msgspec.structs.replace(ADDED, tls="may", has_credentials=False)
    Scenario(RELAY).given(plain).when(replaced).refused(InvalidInputError, "verified TLS")
    gone = RelayCredentialsReplaced(relay_id=ID, has_credentials=False)
    Scenario(RELAY).given(plain, gone).when(lambda state: replaced(state, some=False)).then(gone)


def test_a_check_is_made_once_for_all_who_asked() -> None:
    asked = RelayCheckAsked(relay_id=ID)
    checked = RelayChecked(relay_id=ID, reason="auth_refused", codes="535 5.7.8")

    def finished(state: Relay) -> list[RelayEvent]:
        return decisions.finish_check(state, relay_id=ID, reason="auth_refused", codes="535 5.7.8")

    relay().when(lambda state: decisions.ask_check(state, relay_id=ID)).then(asked)
    relay(asked).when(lambda state: decisions.ask_check(state, relay_id=ID)).then()
    relay(asked).when(finished).then(checked)
    relay(asked, checked).when(finished).then()


def test_what_failed_is_told_with_its_step_and_what_to_do() -> None:
    refused = advice_for("auth_refused")
    assert refused is not None
    assert (refused.step, "password" in refused.text) == ("log in", True)
    assert advice_for("") is None
    assert advice_for("of another release") is not None


class MemoryRelays:
    def add(self, workspace_id: UUID, added: RelayAdded, credentials: Credentials | None) -> Said:
        del workspace_id, added
        return Said("add", credentials)

    def replace_credentials(
        self, workspace_id: UUID, relay_id: UUID, credentials: Credentials | None
    ) -> Said:
        del workspace_id, relay_id
        return Said("seal", credentials)

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
    tune_relay(TuneRelay(relay_id=ID, weight=7), asking(workspace), log, relays)
    other = ReplaceRelayCredentials(relay_id=ID, credentials=secret)
    replace_relay_credentials(other, asking(workspace), log, relays)
    ask_relay_check(ID, asking(workspace), log, relays)
    state = log.state(RELAY, ID, asking(workspace))
    assert state.tuning is not None
    assert (state.tuning.weight, state.checking) == (7, True)
    enable_relay(ID, asking(workspace), log, relays)
    remove_relay(ID, asking(workspace), log, relays)
    assert not log.state(RELAY, ID, asking(workspace)).exists
