"""How long a workspace may choose to keep things."""

from uuid import uuid4

import pytest

from commands.privacy.choose_retention import ChooseRetention, choose_retention
from domain.privacy.events import RetentionChosen
from domain.privacy.retention import RETENTION, choose
from domain.privacy.retention_settings import BOUNDS, RetentionSettings
from domain.shared.errors import InvalidInputError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryRetentionRules, Said
from tests.support.scenario import Scenario

WORKSPACE = uuid4()


def test_what_is_chosen_holds_and_the_same_again_is_no_news() -> None:
    log = MemoryEventLog()
    command = ChooseRetention(settings=RetentionSettings(trash_days=3, export_days=2))
    for _ in range(2):
        choose_retention(command, asking(WORKSPACE), log, MemoryRetentionRules())
    assert [event for _, _, event in log.events] == [RetentionChosen(settings=command.settings)]
    assert log.effects == [Said("keep", command.settings)]


@pytest.mark.parametrize("name", BOUNDS)
def test_every_setting_has_bounds(name: str) -> None:
    fewest, most = BOUNDS[name]
    for days in (fewest, most):
        others = {"engagement_days": 3650} if name == "inactive_contact_days" else {}
        wanted = RetentionSettings(**{**others, name: days})  # type: ignore[arg-type] # days
        Scenario(RETENTION).when(lambda now, w=wanted: choose(now, wanted=w)).then(  # type: ignore[misc]
            *([] if wanted == RetentionSettings() else [RetentionChosen(settings=wanted)])
        )
    for days in (fewest - 1, most + 1):
        wanted = RetentionSettings(**{name: days})  # type: ignore[arg-type] # days
        Scenario(RETENTION).when(lambda now, w=wanted: choose(now, wanted=w)).refused(  # type: ignore[misc]
            InvalidInputError, f"`{name}` is from {fewest} to {most} days"
        )


def test_engagement_is_not_forgotten_before_it_could_show_that_somebody_is_active() -> None:
    wanted = RetentionSettings(inactive_contact_days=90, engagement_days=60)
    Scenario(RETENTION).when(lambda now: choose(now, wanted=wanted)).refused(
        InvalidInputError, "would look inactive"
    )
