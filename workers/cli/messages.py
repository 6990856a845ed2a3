"""`engine messages`: what happened to a message, why, and what became of an uncertain one."""

from typing import Any
from uuid import UUID

import click
import msgspec

from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from domain.delivery.explanation import Explanation
from domain.delivery.outcome_events import Resolution
from infra.postgres.message_stories import MARKS, ONE, ScopedReads, Told, stories
from infra.postgres.uncertain_messages import PostgresUncertainMessages
from workers.cli.session import answer, as_json, asking, find_workspace, in_workspace, session

message = click.argument("message_id", type=click.UUID)


@click.group("messages")
def messages_group() -> None:
    """Look at single messages."""


@messages_group.command("explain")
@click.argument("message_id", type=click.UUID, required=False)
@click.option("--contact", "contact_id", type=click.UUID, help="With --campaign: of this person.")
@click.option("--campaign", "campaign_id", type=click.UUID)
@in_workspace
@as_json
def explain_command(
    *,
    message_id: UUID | None,
    contact_id: UUID | None,
    campaign_id: UUID | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Say why a person got a mail or not: of a message, or of a person and a campaign."""
    with session() as adapters:
        told = stories(adapters.pool, find_workspace(adapters, workspace))
        found: Explanation | None
        if message_id is not None:
            found = told.of_message(message_id)
        elif contact_id is not None and campaign_id is not None:
            found = told.of_person(campaign_id, contact_id)
        else:
            raise click.UsageError("name a message, or --contact and --campaign")
    if found is None:
        raise click.ClickException("there is nothing of that in this workspace")
    answer(
        msgspec.to_builtins(found),
        as_json=as_json,
        text=f"{found.code}: {found.text}"
        + (f"\nevent {found.position}" if found.position is not None else ""),
    )


@messages_group.command("show")
@message
@in_workspace
@as_json
def show_command(*, message_id: UUID, workspace: str | None, as_json: bool) -> None:
    """Show what happened to a message beside its queueing and sending, and what that means."""
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        reads = ScopedReads(adapters.pool, workspace_id)
        asked = {"message_id": message_id}
        rows = reads.rows(Told, ONE, asked)
        if not rows:
            raise click.ClickException("there is no such message in this workspace")
        marks: list[dict[str, Any]] = reads.rows(dict, MARKS, asked)
        found = stories(adapters.pool, workspace_id).of(rows[0])
    fields = msgspec.to_builtins(rows[0]) | {
        "life": marks,
        "explanation": msgspec.to_builtins(found),
    }
    lines = [
        f"{mark['position']:>12}  {mark['at']:%Y-%m-%d %H:%M:%S}  {mark['kind']}"
        + "".join(f"  {mark[name]}" for name in ("code", "status", "reason", "reply") if mark[name])
        for mark in marks
    ]
    answer(fields, as_json=as_json, text="\n".join([*lines, f"{found.code}: {found.text}"]))


@messages_group.command("resolve")
@message
@click.option(
    "--as",
    "resolution",
    type=click.Choice(["delivered", "lost", "resend"]),
    required=True,
    help="`resend` queues it again: the person may get it twice.",
)
@click.option("--reason", required=True, help="For whoever reads the log later.")
@in_workspace
@as_json
def resolve_command(
    *, message_id: UUID, resolution: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Say what became of a message whose handover had no answer."""
    with session() as adapters:
        position = resolve_uncertain(
            ResolveUncertain(
                message_id=message_id, resolution=Resolution(resolution), reason=reason
            ),
            asking(find_workspace(adapters, workspace)),
            adapters.log,
            PostgresUncertainMessages(adapters.pool),
        )
    fields = {"message_id": message_id, "position": position}
    answer(fields, as_json=as_json, text=f"message {message_id} is resolved: {resolution}")
