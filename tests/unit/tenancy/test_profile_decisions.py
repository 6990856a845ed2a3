"""How a workspace presents itself, and what it is asked in the beginning."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from domain.shared.errors import InvalidInputError, NotFoundError
from domain.tenancy import onboarding, profile
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import (
    BrandNamed,
    OnboardingStepAnswered,
    OnboardingStepSkipped,
    PostalAddressChosen,
    SenderChosen,
    SendingDomainNamed,
    SendingPlanned,
    Step,
    TenancyEvent,
    TimeZoneChosen,
    WorkspaceRenamed,
)
from domain.tenancy.next_step import ANSWERED, SKIPPED, next_step
from tests.support.builders import workspace_created
from tests.support.scenario import Scenario

CREATED = workspace_created(uuid4())
Decision = Callable[[Workspace], Sequence[TenancyEvent]]
ANSWERED_IT = OnboardingStepAnswered(step=Step.SENDING_DOMAIN)
SKIPPED_IT = OnboardingStepSkipped(step=Step.SENDING_DOMAIN)
NAMED = SendingDomainNamed(sending_domain="acme.example")

CHANGES: list[tuple[Decision, TenancyEvent]] = [
    (lambda w: profile.rename(w, name=" Acme 2 "), WorkspaceRenamed(name="Acme 2")),
    (lambda w: profile.name_brand(w, brand_name="A"), BrandNamed(brand_name="A")),
    (
        lambda w: profile.choose_sender(w, sender_name="B ", sender_address="b@acme.example"),
        SenderChosen(sender_name="B", sender_address="b@acme.example"),
    ),
    (
        lambda w: profile.choose_postal_address(w, postal_address="2 Main Street"),
        PostalAddressChosen(postal_address="2 Main Street"),
    ),
    (
        lambda w: profile.choose_time_zone(w, time_zone="Europe/Berlin"),
        TimeZoneChosen(time_zone="Europe/Berlin"),
    ),
]


@pytest.mark.parametrize(("ask", "event"), CHANGES, ids=[event.TAG for _, event in CHANGES])
def test_each_change_has_its_own_fact_and_a_repeat_says_nothing(
    ask: Decision, event: TenancyEvent
) -> None:
    after = Scenario(WORKSPACE).given(CREATED).when(ask).then(event)
    assert after.profile is not None
    for name in event.__struct_fields__:
        assert getattr(after.profile, name) == getattr(event, name)
    Scenario(WORKSPACE).given(CREATED, event).when(ask).then()
    Scenario(WORKSPACE).when(ask).refused(NotFoundError, "no such workspace")


def test_blanks_are_no_name() -> None:
    Scenario(WORKSPACE).given(CREATED).when(lambda w: profile.rename(w, name=" ")).refused(
        InvalidInputError, "`name` is empty"
    )


def answer(workspace: Workspace) -> Sequence[TenancyEvent]:
    return onboarding.answer(workspace, step=Step.SENDING_DOMAIN, facts=[NAMED])


def skip(workspace: Workspace) -> Sequence[TenancyEvent]:
    return onboarding.skip(workspace, step=Step.SENDING_DOMAIN)


def test_a_step_is_skipped_and_answered_later_but_not_the_other_way_round() -> None:
    after = Scenario(WORKSPACE).given(CREATED).when(skip).then(SKIPPED_IT)
    assert after.skipped == {Step.SENDING_DOMAIN}
    Scenario(WORKSPACE).given(CREATED, SKIPPED_IT).when(skip).then()
    after = Scenario(WORKSPACE).given(CREATED, SKIPPED_IT).when(answer).then(NAMED, ANSWERED_IT)
    assert (after.answered, after.skipped) == ({Step.SENDING_DOMAIN}, frozenset())
    done = Scenario(WORKSPACE).given(CREATED, NAMED, ANSWERED_IT)
    done.when(answer).then(NAMED)
    done.when(skip).then()
    Scenario(WORKSPACE).when(skip).refused(NotFoundError, "no such workspace")


def test_what_is_open_comes_first_then_what_was_skipped() -> None:
    assert next_step({}) is Step.WORKSPACE
    assert next_step({Step.WORKSPACE: SKIPPED}) is Step.SENDER
    assert next_step(dict.fromkeys(Step, ANSWERED) | {Step.SENDER: SKIPPED}) is Step.SENDER
    assert next_step(dict.fromkeys(Step, ANSWERED)) is None


def test_a_plan_decides_nothing() -> None:
    plan = SendingPlanned(mails_per_month=5, goal="news")
    assert WORKSPACE.fold([CREATED, plan]) == WORKSPACE.fold([CREATED])


def test_a_change_before_the_founding_is_believed() -> None:
    """History is never refused: a hole before it does not brick the stream."""
    after = WORKSPACE.fold([WorkspaceRenamed(name="Late")])
    assert after.profile is not None
    assert after.profile.name == "Late"
