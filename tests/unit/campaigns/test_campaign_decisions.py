"""The life of a campaign, decision by decision."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from domain.campaigns import decider
from domain.campaigns.decider import CAMPAIGN, Campaign, Status
from domain.campaigns.events import CampaignDrafted, CampaignEvent, CampaignLaunched
from domain.campaigns.plan import Plan
from domain.shared.errors import (
    DomainError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
)
from tests.support.builders import (
    CAMPAIGN_ID,
    CANCELLED,
    COMPLETED,
    DRAFTED,
    FROZEN,
    LAUNCHED,
    NOW,
    PAUSED,
    RESUMED,
    RUNNING,
    SCHEDULED,
    SNAPSHOT,
    TEMPLATE_ID,
)
from tests.support.scenario import Scenario

Decision = Callable[[Campaign], Sequence[CampaignEvent]]

HISTORIES: dict[Status, tuple[CampaignEvent, ...]] = {
    Status.ABSENT: (),
    Status.DRAFT: (DRAFTED,),
    Status.SCHEDULED: (DRAFTED, SCHEDULED),
    Status.RUNNING: RUNNING,
    Status.PAUSED: (*RUNNING, PAUSED),
    Status.COMPLETED: (*RUNNING, FROZEN, COMPLETED),
    Status.CANCELLED: (*RUNNING, CANCELLED),
}


def ask(verb: Callable[..., Sequence[CampaignEvent]], **arguments: Any) -> Decision:
    return lambda campaign: verb(campaign, campaign_id=CAMPAIGN_ID, **arguments)


def draft(name: str = "May") -> Decision:
    return ask(decider.draft, name=name, template_id=TEMPLATE_ID)


def schedule() -> Decision:
    return ask(decider.schedule, send_at=NOW, snapshot=SNAPSHOT)


def launch(*, anybody: bool = True) -> Decision:
    return ask(decider.launch, now=NOW, anybody=anybody)


VERBS: dict[str, tuple[Decision, CampaignEvent, set[Status]]] = {
    "draft": (draft(), DRAFTED, {Status.ABSENT}),
    "schedule": (schedule(), SCHEDULED, {Status.DRAFT}),
    "launch": (launch(), LAUNCHED, {Status.SCHEDULED}),
    "pause": (ask(decider.pause), PAUSED, {Status.RUNNING}),
    "resume": (ask(decider.resume), RESUMED, {Status.PAUSED}),
    "cancel": (
        ask(decider.cancel),
        CANCELLED,
        {Status.DRAFT, Status.SCHEDULED, Status.RUNNING, Status.PAUSED},
    ),
}
"""verb -> the decision, the one event it leads to, and the states that allow it."""


def every_pair() -> list[tuple[str, Status]]:
    return [(verb, status) for verb in VERBS for status in HISTORIES]


@pytest.mark.parametrize("status", HISTORIES)
def test_a_history_folds_to_its_status(status: Status) -> None:
    assert CAMPAIGN.fold(list(HISTORIES[status])).status is status


@pytest.mark.parametrize(("verb", "status"), every_pair())
def test_a_verb_is_allowed_in_its_states_and_refused_in_all_others(
    verb: str, status: Status
) -> None:
    decision, event, allowed = VERBS[verb]
    scenario = Scenario(CAMPAIGN).given(*HISTORIES[status]).when(decision)
    if status in allowed:
        scenario.then(event)
        return
    absent = status is Status.ABSENT
    error: type[DomainError] = NotFoundError if absent else IllegalTransitionError
    told = "exists already" if verb == "draft" else "no such campaign" if absent else f"{status}"
    scenario.refused(error, told)


def test_a_draft_is_kept_under_its_trimmed_name() -> None:
    expected = CampaignDrafted(campaign_id=CAMPAIGN_ID, name="May", template_id=TEMPLATE_ID)
    state = Scenario(CAMPAIGN).when(draft("  May\n")).then(expected)
    plan = Plan(name="May", template_id=TEMPLATE_ID)
    assert state == Campaign(status=Status.DRAFT, plan=plan, version=1)


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_a_campaign_needs_a_name(name: str) -> None:
    Scenario(CAMPAIGN).when(draft(name)).refused(InvalidInputError, "pass a non-empty `name`")


def test_scheduling_fixes_time_and_content() -> None:
    state = Scenario(CAMPAIGN).given(DRAFTED).when(schedule()).then(SCHEDULED)
    assert (state.send_at, state.snapshot) == (NOW, SNAPSHOT)


def test_a_campaign_is_launched_with_what_it_was_scheduled_with_and_when_it_was() -> None:
    state = Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(launch()).then(LAUNCHED)
    assert state.launched_at == NOW


def test_it_is_not_launched_before_its_time() -> None:
    early = ask(decider.launch, now=NOW - timedelta(microseconds=1), anybody=True)
    Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(early).refused(
        InvalidInputError, r"not due before 2026-05-04T09:30:00"
    )


def test_it_is_launched_when_it_is_overdue() -> None:
    later = NOW + timedelta(days=2)
    launched = CampaignLaunched(campaign_id=CAMPAIGN_ID, launched_at=later, snapshot=SNAPSHOT)
    late = ask(decider.launch, now=later, anybody=True)
    Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(late).then(launched)


def test_it_is_not_launched_for_nobody() -> None:
    Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(launch(anybody=False)).refused(
        InvalidInputError, "import contacts first"
    )


def test_the_audience_is_frozen_once() -> None:
    freeze = ask(decider.freeze_audience, queued=7, skipped=2)
    assert Scenario(CAMPAIGN).given(*RUNNING).when(freeze).then(FROZEN).audience_frozen
    Scenario(CAMPAIGN).given(*RUNNING, FROZEN).when(freeze).then()


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED])
def test_a_campaign_with_a_frozen_audience_is_completed(status: Status) -> None:
    complete = ask(decider.complete)
    Scenario(CAMPAIGN).given(*HISTORIES[status], FROZEN).when(complete).then(COMPLETED)


@pytest.mark.parametrize("status", HISTORIES)
def test_completing_says_nothing_before_the_audience_is_frozen_or_after_the_end(
    status: Status,
) -> None:
    Scenario(CAMPAIGN).given(*HISTORIES[status]).when(ask(decider.complete)).then()


def test_a_resumed_campaign_runs_as_if_it_had_never_been_paused() -> None:
    resumed = CAMPAIGN.fold([*RUNNING, PAUSED, RESUMED])
    assert resumed == structs.replace(CAMPAIGN.fold(list(RUNNING)), resumed=1)


def test_a_rule_pauses_what_runs_and_was_not_resumed_since_it_was_counted() -> None:
    why = structs.replace(PAUSED, reason="too many bounces", rate=0.2, limit=0.1)

    def brake(campaign: Campaign) -> list[CampaignEvent]:
        return decider.brake(campaign, resumed=0, why=why)

    Scenario(CAMPAIGN).given(*RUNNING).when(brake).then(why)
    Scenario(CAMPAIGN).given(*RUNNING, PAUSED).when(brake).then()
    Scenario(CAMPAIGN).given(*RUNNING, PAUSED, RESUMED).when(brake).then()


def test_evolve_believes_an_impossible_history() -> None:
    """Resumed after the end: nobody would decide that, but a fact is a fact."""
    assert CAMPAIGN.fold([COMPLETED, RESUMED]).status is Status.RUNNING


TESTED = structs.replace(SCHEDULED, sandbox=True)


def test_what_a_test_key_schedules_is_launched_into_the_sandbox_by_anybody() -> None:
    test = ask(decider.schedule, send_at=NOW, snapshot=SNAPSHOT, sandbox=True)
    Scenario(CAMPAIGN).given(DRAFTED).when(test).then(TESTED)
    for sandbox in (True, False):
        launching = ask(decider.launch, now=NOW, anybody=True, sandbox=sandbox)
        launched = structs.replace(LAUNCHED, sandbox=True)
        Scenario(CAMPAIGN).given(DRAFTED, TESTED).when(launching).then(launched)


def test_a_test_key_neither_launches_nor_resumes_what_goes_to_people() -> None:
    launching = ask(decider.launch, now=NOW, anybody=True, sandbox=True)
    refusal = (IllegalTransitionError, "use a live key")
    Scenario(CAMPAIGN).given(DRAFTED, SCHEDULED).when(launching).refused(*refusal)
    resuming = ask(decider.resume, sandbox=True)
    Scenario(CAMPAIGN).given(*RUNNING, PAUSED).when(resuming).refused(*refusal)
    Scenario(CAMPAIGN).given(DRAFTED, TESTED, LAUNCHED, PAUSED).when(resuming).then(RESUMED)
