"""The worked examples of docs/analysis.md give the figures that their log was made to have."""

import csv
import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.engagement.events import LinkClicked
from domain.shared.ids import derive_id
from domain.shared.model import Event
from domain.tenancy.decider import WORKSPACE
from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import (
    contact_imported,
    email_opened,
    email_sent,
    fact,
    message_of,
    workspace_created,
)
from tests.support.cli import ROOT, environment
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

EXAMPLES = ROOT / "examples" / "analysis"
CAMPAIGN = UUID("0196a000-0000-7000-8000-00000000000a")
FIRST_WEEK = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday


class Story:
    """Records events of one workspace as if they had been recorded at the times given."""

    def __init__(self, app: Adapters, settings: Settings) -> None:
        self.workspace = uuid4()
        self._app, self._url = app, settings.database_url
        app.log.decide(
            WORKSPACE,
            self.workspace,
            lambda _: [workspace_created(self.workspace)],
            asking(self.workspace),
        )

    def tell(self, at: datetime, *events: Event) -> None:
        position = self._app.log.record([fact(e) for e in events], asking(self.workspace))
        with psycopg.connect(self._url) as owner_of_time:
            owner_of_time.execute("SET session_replication_role = replica")
            owner_of_time.execute(
                "UPDATE events SET recorded_at = %s WHERE position > %s",
                (at, position - len(events)),
            )


def click(contact: UUID, link: int) -> LinkClicked:
    return LinkClicked(
        message_id=message_of(CAMPAIGN, contact),
        campaign_id=CAMPAIGN,
        contact_id=contact,
        link=link,
    )


@pytest.fixture
def story(app: Adapters, settings: Settings, worker: Adapters) -> Story:
    """Two weeks of ten people each.

    First week: 5 open in time (2 of them by a scanner), 1 too late, 2 click in time. Second week:
    1 opens and clicks; a scanner sweeps four links of another's mail in a second.
    """
    story = Story(app, settings)
    weeks = [[derive_id(week, bytes([n])) for n in range(10)] for week in (1, 2)]
    for week, people in enumerate(weeks):
        at = FIRST_WEEK + timedelta(weeks=week)
        story.tell(at, *(contact_imported(c, row=n) for n, c in enumerate(people)))
        story.tell(at + timedelta(hours=1), *(email_sent(CAMPAIGN, c) for c in people))
    (early, late), hour = weeks, timedelta(hours=1)
    story.tell(
        FIRST_WEEK + hour + timedelta(seconds=1), *(email_opened(CAMPAIGN, c) for c in early[:2])
    )
    story.tell(FIRST_WEEK + timedelta(days=2), *(email_opened(CAMPAIGN, c) for c in early[2:5]))
    story.tell(FIRST_WEEK + timedelta(days=3), click(early[3], 1), click(early[4], 2))
    story.tell(FIRST_WEEK + timedelta(days=20), email_opened(CAMPAIGN, early[9]))
    story.tell(FIRST_WEEK + timedelta(days=9), email_opened(CAMPAIGN, late[0]), click(late[0], 1))
    story.tell(FIRST_WEEK + timedelta(days=10), *(click(late[5], link) for link in (1, 2, 3, 4)))
    catch_up(worker)
    return story


def run(example: Path, settings: Settings, *arguments: str) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, str(example), *arguments],
        cwd=ROOT,
        env=environment(settings, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_cohorts(story: Story, settings: Settings) -> None:
    assert run(EXAMPLES / "engagement_cohort.py", settings, str(story.workspace), "7") == [
        {"week": "2026-03-02", "contacts": "10", "opened": "0.5", "clicked": "0.2"},
        {"week": "2026-03-09", "contacts": "10", "opened": "0.1", "clicked": "0.2"},
    ]


def test_the_other_rule_for_robots(story: Story, settings: Settings) -> None:
    assert run(EXAMPLES / "rescored_bots.py", settings, str(story.workspace)) == [
        {
            "campaign_id": str(CAMPAIGN),
            "opens": "7",
            "clicks": "7",
            "opens_by_people": "5",
            "clicks_by_people": "3",
        }
    ]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.name)
def test_the_guide_shows_the_example_as_it_is(example: Path) -> None:
    guide = (ROOT / "docs" / "analysis.md").read_text()
    assert f"```python\n{example.read_text()}```" in guide
