"""`engine campaigns`: plan, start, watch and stop."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.campaigns.resume_campaign import ResumeCampaign, resume_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_figures import CampaignFigures, campaign_figures
from infra.postgres.campaign_pulse import campaign_pulse
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.message_stories import ScopedReads
from infra.postgres.snapshots import PostgresSnapshots
from workers.cli.progress import progress_bar
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    require_worker,
    session,
    wait_for,
)

ENDED = {"completed", "cancelled"}
campaign = click.argument("campaign_id", type=click.UUID)


@click.group("campaigns")
def campaigns_group() -> None:
    """Plan and run campaigns."""


@campaigns_group.command("create")
@in_workspace
@click.option("--name", required=True)
@click.option("--template", "template_id", type=click.UUID, required=True, help="Id of a template.")
@as_json
def create_command(*, workspace: str | None, name: str, template_id: UUID, as_json: bool) -> None:
    """Draft a campaign."""
    with session() as adapters:
        require_worker(adapters, "projector")
        campaign_id = new_id()
        position = draft_campaign(
            DraftCampaign(campaign_id=campaign_id, name=name, template_id=template_id),
            asking(find_workspace(adapters, workspace)),
            adapters.log,
        )
        wait_for(adapters, "campaign_list", position)
    answer(
        {"campaign_id": campaign_id, "position": position},
        as_json=as_json,
        text=f"campaign {campaign_id}",
    )


@campaigns_group.command("launch")
@campaign
@in_workspace
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]),
    help="UTC; default: now.",
)
@as_json
def launch_command(
    *, campaign_id: UUID, workspace: str | None, at: datetime | None, as_json: bool
) -> None:
    """Start a campaign now, or put it on the calendar. Content and audience are frozen."""
    with session() as adapters:
        context = asking(find_workspace(adapters, workspace))
        ports = (
            PostgresSnapshots(),
            PostgresCampaignRuns(),
            PostgresAudience(adapters.pool),
            adapters.sender_domains,
        )
        if at:
            schedule = ScheduleCampaign(campaign_id=campaign_id, send_at=at.replace(tzinfo=UTC))
            position = schedule_campaign(schedule, context, adapters.log, *ports)
        else:
            position = launch_campaign(
                LaunchCampaign(campaign_id=campaign_id), context, adapters.log, *ports
            )
    answer(
        {"campaign_id": campaign_id, "position": position},
        as_json=as_json,
        text=f"campaign {campaign_id} is {'scheduled' if at else 'launched'}; "
        f"follow it with `engine campaigns watch {campaign_id}`",
    )


def _change(
    campaign_id: UUID,
    workspace: str | None,
    change: Callable[[Adapters, UUID], int],
    done: str,
    *,
    as_json: bool,
) -> None:
    with session() as adapters:
        position = change(adapters, find_workspace(adapters, workspace))
    answer(
        {"campaign_id": campaign_id, "position": position},
        as_json=as_json,
        text=f"campaign {campaign_id} is {done}",
    )


@campaigns_group.command("pause")
@campaign
@in_workspace
@as_json
def pause_command(*, campaign_id: UUID, workspace: str | None, as_json: bool) -> None:
    """Hand over no further mail until it is resumed."""
    _change(
        campaign_id,
        workspace,
        lambda adapters, workspace_id: pause_campaign(
            PauseCampaign(campaign_id=campaign_id),
            asking(workspace_id),
            adapters.log,
            PostgresCampaignRuns(),
        ),
        "paused",
        as_json=as_json,
    )


@campaigns_group.command("resume")
@campaign
@in_workspace
@as_json
def resume_command(*, campaign_id: UUID, workspace: str | None, as_json: bool) -> None:
    """Go on where it stopped."""
    _change(
        campaign_id,
        workspace,
        lambda adapters, workspace_id: resume_campaign(
            ResumeCampaign(campaign_id=campaign_id),
            asking(workspace_id),
            adapters.log,
            PostgresCampaignRuns(),
        ),
        "running again",
        as_json=as_json,
    )


@campaigns_group.command("cancel")
@campaign
@in_workspace
@as_json
def cancel_command(*, campaign_id: UUID, workspace: str | None, as_json: bool) -> None:
    """End it for good; what is still queued is skipped, with that as its recorded reason."""
    _change(
        campaign_id,
        workspace,
        lambda adapters, workspace_id: cancel_campaign(
            CancelCampaign(campaign_id=campaign_id),
            asking(workspace_id),
            adapters.log,
            PostgresCampaignRuns(),
        ),
        "cancelled",
        as_json=as_json,
    )


@campaigns_group.command("watch")
@campaign
@in_workspace
@as_json
def watch_command(*, campaign_id: UUID, workspace: str | None, as_json: bool) -> None:
    """Follow a campaign until it is completed or cancelled; with --json print the end only."""
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        require_worker(adapters, "projector")
        figures = watch(adapters, workspace_id, campaign_id)
    fields: dict[str, Any] = {
        "campaign_id": campaign_id,
        "status": figures.status,
        **figures.counts,
    }
    text = f"{figures.status}: " + ", ".join(f"{n:,} {name}" for name, n in figures.counts.items())
    answer(fields, as_json=as_json, text=text)


def watch(adapters: Adapters, workspace_id: UUID, campaign_id: UUID) -> CampaignFigures:
    """Poll until the campaign has ended and the read models have seen it; say why it waits."""
    reads = (ScopedReads(adapters.pool, workspace_id), ScopedReads(adapters.pool, PLATFORM))
    with progress_bar("campaign", total=None) as seen:
        while True:
            figures = campaign_figures(adapters.pool, workspace_id, campaign_id)
            if figures is None:
                raise click.ClickException(f"there is no campaign {campaign_id} in this workspace")
            pulse = campaign_pulse(
                *reads, campaign_id, position=0, relay_rate_per_s=adapters.settings.smtp.rate_per_s
            )
            seen(figures.settled_count, figures.audience or None, pulse.text if pulse else "")
            if figures.status in ENDED and figures.settled:
                return figures
            time.sleep(0.2)
