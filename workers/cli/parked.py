"""`engine projections parked|retry|skip`: events that a read model or a policy could not take."""

import getpass
from uuid import UUID

import click
import msgspec
from msgspec import structs

from commands.platform.skip_parked_event import SkipParkedEvent, skip_parked_event
from infra.bootstrap import Adapters
from infra.eventstore.reader import LogRow
from infra.postgres.connections import Role
from infra.postgres.parked_events import ParkedHead, Retried, parked_heads
from infra.postgres.skipped_events import PostgresParkedEvents
from infra.postgres.sql_effect import StaleStateError
from infra.projecting.beside import rebuilding
from infra.projecting.fold import Folder
from infra.projecting.retry import retry
from infra.projecting.tables import LIVE
from projections.registry import PROJECTIONS
from workers.cli.session import answer, as_json, asking, session, table
from workers.policy_runner import Follower, policies


@click.command("parked")
@click.argument("name", required=False)
@as_json
def parked_command(*, name: str | None, as_json: bool) -> None:
    """List what could not be applied, oldest of each key, with how many wait behind it."""
    with session() as adapters, adapters.pool.connection() as connection:
        heads = parked_heads(connection, name)
    table(
        [msgspec.to_builtins(head, builtin_types=(UUID,)) for head in heads],
        as_json=as_json,
        empty="nothing is parked",
    )


@click.command("retry")
@click.argument("name", required=False)
@click.option("--position", type=int, help="The key whose parked events hold this position.")
@click.option("--key", type=click.UUID, help="What the events are about.")
@click.option("--all", "everything", is_flag=True, help="All that is parked (of NAME, if given).")
@as_json
def retry_command(
    *, name: str | None, position: int | None, key: UUID | None, everything: bool, as_json: bool
) -> None:
    """Apply parked events and what waits behind them, in order; exit code 1 when some stay."""
    if not (everything or position is not None or key):
        raise click.UsageError("say which events: --position, --key or --all")
    with session() as adapters:
        heads = [
            head
            for head in _heads(adapters, name)
            if key in (None, head.key) and position in (None, head.position)
        ]
        if not heads:
            raise click.ClickException(
                "no such event is parked: see `engine projections parked` (an event that waits "
                "behind another is retried with it)"
            )
        results = [(head, retried(adapters, head)) for head in heads]
    table(
        [
            {
                "follower": head.follower,
                "key": head.key,
                "position": head.position,
                "applied": done.applied,
                "left": done.left,
                "reason": done.reason,
            }
            for head, done in results
        ],
        as_json=as_json,
        empty="",
    )
    if any(done.left for _, done in results):
        raise SystemExit(1)


@click.command("skip")
@click.argument("name")
@click.option("--position", type=int, required=True, help="Of the event to leave out.")
@click.option("--reason", required=True, help="Why; it stands in the log: name no person.")
@click.option("--by", default=getpass.getuser, help="Who decides; default: your login.")
@as_json
def skip_command(*, name: str, position: int, reason: str, by: str, as_json: bool) -> None:
    """Leave an event out for good, and apply what waited behind it.

    The read model is then knowingly without it, rebuilds included. Who did it, when and why is a
    fact in the workspace's log.
    """
    with session() as adapters:
        head = _to_skip(adapters, name, position)
        _skip(adapters, head, reason=reason, by=by)
        behind = Retried(0, 0, "")
        with adapters.pool.connection() as connection:
            kin = [h for h in parked_heads(connection, name) if _same_key(h, head)]
        if kin:
            behind = retried(adapters, kin[0])
    answer(
        {"name": name, "position": position, **msgspec.to_builtins(behind)},
        as_json=as_json,
        text=f"{name} goes on without position {position}; {behind.applied} events that waited "
        f"behind it are applied, {behind.left} wait" + (f": {behind.reason}" * bool(behind.left)),
    )


def retried(adapters: Adapters, head: ParkedHead) -> Retried:
    """Apply or react to what is parked of a key."""
    if head.follower in PROJECTIONS:
        with adapters.connection(Role.WORKER, bounded=False) as connection:
            projection = PROJECTIONS[head.follower]
            return retry(Folder(projection, adapters.mapper, connection, LIVE), connection, head)
    for policy in policies(adapters):
        if policy.name == head.follower:
            return Follower(adapters, policy).retry(head)
    raise click.ClickException(
        f"this release has no projection or policy {head.follower}: it cannot be retried"
    )


def _heads(adapters: Adapters, name: str | None) -> list[ParkedHead]:
    with adapters.pool.connection() as connection:
        return parked_heads(connection, name)


def _to_skip(adapters: Adapters, name: str, position: int) -> ParkedHead:
    """Return the parked event, or the one that stopped a rebuild."""
    for head in _heads(adapters, name):
        if head.position == position:
            return head
    with adapters.pool.connection() as connection:
        failed = [r for r in rebuilding(connection) if (r.name, r.failed_at) == (name, position)]
    if not failed:
        raise click.ClickException(
            f"position {position} is not the first parked event of its key in {name}, and stopped "
            "no rebuild of it: see `engine projections parked` and `list`"
        )
    row = _row(adapters, position)
    return ParkedHead(
        name,
        row.workspace_id,
        position,
        row.tag,
        row.stream_id,
        failed[0].failure,
        row.recorded_at,
        0,
    )


def _skip(adapters: Adapters, head: ParkedHead, *, reason: str, by: str) -> None:
    row = _row(adapters, head.position)
    command = SkipParkedEvent(
        follower=head.follower,
        position=head.position,
        recorded_at_ms=int(row.recorded_at.timestamp() * 1000),
        event_tag=head.tag,
        failure=head.reason,
        reason=reason,
    )
    context = structs.replace(asking(head.workspace_id), actor=f"operator:{by}")
    try:
        skip_parked_event(command, context, adapters.log, PostgresParkedEvents())
    except StaleStateError as error:
        raise click.ClickException(
            f"position {head.position} does not wait any more: see `engine projections parked`"
        ) from error


def _row(adapters: Adapters, position: int) -> LogRow:
    (row,) = adapters.reader.page(position - 1, upto=position, limit=1)
    return row


def _same_key(one: ParkedHead, other: ParkedHead) -> bool:
    return (one.workspace_id, one.key) == (other.workspace_id, other.key)
