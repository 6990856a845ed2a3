"""Kill switches: who may stop and resume what, told in facts."""

from uuid import UUID, uuid4

import pytest

from commands.platform.resume_sending import ResumeSending, resume_sending
from commands.platform.stop_sending import StopSending, stop_sending
from domain.campaigns.decider import CAMPAIGN
from domain.campaigns.events import CampaignDrafted
from domain.platform import kill_switch as decisions
from domain.platform.kill_switch import (
    KILL_SWITCH,
    KillSwitch,
    StoppedByOperatorError,
    Switch,
    checked,
    switch_id,
)
from domain.platform.kill_switch_events import SendingResumed, SendingStopped, SwitchScope
from domain.shared.errors import InvalidInputError, NotFoundError, PermissionMissingError
from domain.shared.platform import PLATFORM
from domain.tenancy.decider import WORKSPACE
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import workspace_created
from tests.support.memory_ports import Said
from tests.support.scenario import Scenario

HERE, CAMPAIGN_ID = UUID(int=7), UUID("5750db76-55e1-413b-9b9f-fd08ba1f2128")
OURS = Switch(SwitchScope.WORKSPACE)
EVERYBODY = Switch(SwitchScope.GLOBAL)


def stopped(*, by_operator: bool = False) -> SendingStopped:
    return SendingStopped(
        scope=SwitchScope.WORKSPACE, key="", by_operator=by_operator, reason="a wrong price"
    )


def resumed(*, by_operator: bool = False, still_stopped: bool = False) -> SendingResumed:
    return SendingResumed(
        scope=SwitchScope.WORKSPACE,
        key="",
        by_operator=by_operator,
        reason="mended",
        still_stopped=still_stopped,
    )


def told() -> Scenario[KillSwitch, decisions.KillSwitchEvent]:
    return Scenario(KILL_SWITCH)


def stop(state: KillSwitch, *, by_operator: bool = False) -> list[SendingStopped]:
    return decisions.stop(state, switch=OURS, by_operator=by_operator, reason=" a wrong price ")


def resume(state: KillSwitch, *, by_operator: bool = False) -> list[SendingResumed]:
    return decisions.resume(state, switch=OURS, by_operator=by_operator, reason="mended")


def by_operator_stop(state: KillSwitch) -> list[SendingStopped]:
    return stop(state, by_operator=True)


def by_operator_resume(state: KillSwitch) -> list[SendingResumed]:
    return resume(state, by_operator=True)


def test_a_switch_is_turned_on_once_with_its_reason() -> None:
    state = told().when(stop).then(stopped())
    assert (state.is_on, state.reason) == (True, "a wrong price")
    told().given(stopped()).when(stop).then()


def test_what_is_not_stopped_is_not_resumed() -> None:
    told().when(resume).then()
    state = told().given(stopped()).when(resume).then(resumed())
    assert (state.is_on, state.reason) == (False, None)


def test_a_workspace_cannot_let_go_on_what_an_operator_stopped() -> None:
    held = stopped(by_operator=True)
    told().given(held).when(resume).refused(StoppedByOperatorError, "operator")
    both = told().given(stopped(), held)
    assert both.when(resume).then(resumed(still_stopped=True)).is_on


def test_an_operator_does_not_send_what_its_owner_stopped() -> None:
    told().given(stopped()).when(by_operator_resume).then()
    both = told().given(stopped()).when(by_operator_stop).then(stopped(by_operator=True))
    assert both.reason == "a wrong price"
    left = (
        told()
        .given(stopped(), stopped(by_operator=True))
        .when(by_operator_resume)
        .then(resumed(by_operator=True, still_stopped=True))
    )
    assert left.is_on


def test_the_switch_for_everybody_is_the_operators() -> None:
    for ask in (decisions.stop, decisions.resume):
        with pytest.raises(PermissionMissingError):
            ask(KillSwitch(), switch=EVERYBODY, by_operator=False, reason="x")
    assert decisions.stop(KillSwitch(), switch=EVERYBODY, by_operator=True, reason="x")


def test_a_reason_is_needed() -> None:
    for ask in (decisions.stop, decisions.resume):
        with pytest.raises(InvalidInputError, match="say why"):
            ask(KillSwitch(), switch=OURS, by_operator=False, reason=" ")


@pytest.mark.parametrize(
    ("scope", "key", "kept"),
    [
        (SwitchScope.GLOBAL, "", ""),
        (SwitchScope.WORKSPACE, "", ""),
        (SwitchScope.CAMPAIGN, str(CAMPAIGN_ID).upper(), str(CAMPAIGN_ID)),
        (SwitchScope.DOMAIN, "Mail.Example.COM.", "mail.example.com"),
        (SwitchScope.DOMAIN, "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_key_has_one_spelling(scope: SwitchScope, key: str, kept: str) -> None:
    assert checked(scope, key) == Switch(scope, kept)


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        (SwitchScope.GLOBAL, "x"),
        (SwitchScope.WORKSPACE, "x"),
        (SwitchScope.CAMPAIGN, "spring"),
        (SwitchScope.DOMAIN, ""),
        (SwitchScope.DOMAIN, "localhost"),
        (SwitchScope.DOMAIN, "bücher.example"),
        (SwitchScope.DOMAIN, "a" * 250 + ".example"),
    ],
)
def test_a_key_that_names_nothing_is_refused(scope: SwitchScope, key: str) -> None:
    with pytest.raises(InvalidInputError, match="key"):
        checked(scope, key)


class MemorySwitches:
    """The port `commands.platform.ports.KillSwitches`."""

    def keep(self, workspace_id: UUID, switch: Switch, state: KillSwitch) -> Said:
        return Said("keep", (workspace_id, switch, state.reason))


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    log.decide(WORKSPACE, HERE, lambda _: [workspace_created(HERE)], asking(HERE))
    drafted = CampaignDrafted(campaign_id=CAMPAIGN_ID, name="c", template_id=uuid4())
    log.decide(CAMPAIGN, CAMPAIGN_ID, lambda _: [drafted], asking(HERE))
    return log


def test_commands_keep_the_state_with_the_event(log: MemoryEventLog) -> None:
    switch = Switch(SwitchScope.CAMPAIGN, str(CAMPAIGN_ID))
    off = StopSending(scope=switch.scope, key=switch.key, reason="typo")
    stop_sending(off, asking(HERE), log, MemorySwitches())
    assert log.effects[-1] == Said("keep", (HERE, switch, "typo"))
    on = ResumeSending(scope=switch.scope, key=switch.key, reason="mended")
    resume_sending(on, asking(HERE), log, MemorySwitches())
    assert log.effects[-1] == Said("keep", (HERE, switch, None))
    assert not log.state(KILL_SWITCH, switch_id(HERE, switch), asking(HERE)).is_on


def test_the_global_switch_stands_in_the_platforms_scope(log: MemoryEventLog) -> None:
    command = StopSending(scope=SwitchScope.GLOBAL, reason="a leak", by_operator=True)
    stop_sending(command, asking(PLATFORM), log, MemorySwitches())
    assert log.effects[-1] == Said("keep", (PLATFORM, EVERYBODY, "a leak"))


def test_nothing_can_be_stopped_that_is_not_there(log: MemoryEventLog) -> None:
    nowhere = StopSending(scope=SwitchScope.WORKSPACE, reason="x", by_operator=True)
    with pytest.raises(NotFoundError, match="workspace"):
        stop_sending(nowhere, asking(uuid4()), log, MemorySwitches())
    unknown = StopSending(scope=SwitchScope.CAMPAIGN, key=str(uuid4()), reason="x")
    with pytest.raises(NotFoundError, match="campaign"):
        stop_sending(unknown, asking(HERE), log, MemorySwitches())
