"""`engine dead-letters`: look at messages that were given up, send them again or put them away."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import click

from commands.delivery.discard_dead_letter import DiscardDeadLetter, discard_dead_letter
from commands.delivery.discard_dead_letters import DiscardDeadLetters, discard_dead_letters
from commands.delivery.ports import LetterFilter
from commands.delivery.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from commands.delivery.redrive_dead_letters import RedriveDeadLetters, redrive_dead_letters
from infra.postgres.dead_letters import PostgresDeadLetters, letter_shown, letters_shown
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)

F = TypeVar("F", bound=Callable[..., Any])
one = click.argument("message_id", type=click.UUID, required=False)
why = click.option("--reason", required=True, help="For whoever reads the log later.")


def matching(command: F) -> F:
    """Add the options that narrow."""
    for option in (
        click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="UTC"),
        click.option("--code", type=int, help="Of the last reply: 554."),
        click.option("--failed-for", help="The letters' reason: expired, policy, …"),
        click.option("--campaign", "campaign_id", type=click.UUID),
    ):
        command = option(command)
    return command


def _filter(given: dict[str, Any]) -> LetterFilter:
    since: datetime | None = given["since"]
    return LetterFilter(
        campaign_id=given["campaign_id"],
        failed_for=given["failed_for"],
        code=given["code"],
        since=since.replace(tzinfo=UTC) if since else None,
    )


@click.group("dead-letters")
def dead_letters_group() -> None:
    """Messages that were given up."""


@dead_letters_group.command("list")
@in_workspace
@matching
@as_json
def list_command(*, workspace: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - options
    """List the open ones, at most 1,000, the oldest launch first."""
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        rows = letters_shown(adapters.pool, workspace_id, _filter(given), limit=1_000)
    table(rows, as_json=as_json, empty="no message was given up")


@dead_letters_group.command("show")
@click.argument("message_id", type=click.UUID)
@in_workspace
@as_json
def show_command(*, message_id: UUID, workspace: str | None, as_json: bool) -> None:
    """Show one with what the relay said."""
    with session() as adapters:
        found = letter_shown(adapters.pool, find_workspace(adapters, workspace), message_id)
    if found is None:
        raise click.ClickException("there is no such dead letter in this workspace")
    head = "  ".join(f"{name}={value}" for name, value in found.items() if name != "transcript")
    answer(found, as_json=as_json, text=f"{head}\n{found['transcript']}")


@dead_letters_group.command("redrive")
@one
@why
@in_workspace
@matching
@as_json
def redrive_command(
    *,
    message_id: UUID | None,
    reason: str,
    workspace: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - options
) -> None:
    """Send one again, or all that match; ask again while there are more."""
    with session() as adapters:
        context = asking(find_workspace(adapters, workspace))
        letters = PostgresDeadLetters(adapters.pool)
        if message_id is not None:
            command = RedriveDeadLetter(message_id=message_id, reason=reason)
            redrive_dead_letter(command, context, adapters.log, letters)
            done: dict[str, Any] = {"settled": 1, "refused": {}, "more": False}
        else:
            every = RedriveDeadLetters(wanted=_filter(given), reason=reason)
            found = redrive_dead_letters(every, context, adapters.log, letters)
            done = {"settled": found.settled, "refused": found.refused, "more": found.more}
    answer(done, as_json=as_json, text=_said(done, "queued again"))


@dead_letters_group.command("discard")
@one
@why
@in_workspace
@matching
@as_json
def discard_command(
    *,
    message_id: UUID | None,
    reason: str,
    workspace: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - options
) -> None:
    """Put one away, or all that match; ask again while there are more."""
    with session() as adapters:
        context = asking(find_workspace(adapters, workspace))
        letters = PostgresDeadLetters(adapters.pool)
        if message_id is not None:
            command = DiscardDeadLetter(message_id=message_id, reason=reason)
            discard_dead_letter(command, context, adapters.log, letters)
            done: dict[str, Any] = {"settled": 1, "refused": {}, "more": False}
        else:
            every = DiscardDeadLetters(wanted=_filter(given), reason=reason)
            found = discard_dead_letters(every, context, adapters.log, letters)
            done = {"settled": found.settled, "refused": found.refused, "more": found.more}
    answer(done, as_json=as_json, text=_said(done, "discarded"))


def _said(done: dict[str, Any], what: str) -> str:
    refused = "".join(f", {count} refused: {code}" for code, count in done["refused"].items())
    return f"{done['settled']} {what}{refused}" + ("; there are more" if done["more"] else "")
