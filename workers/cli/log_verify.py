"""`engine log verify | checkpoints | public-key`: prove that the log says what it said."""

from pathlib import Path
from uuid import UUID

import click
import msgspec

from infra.bootstrap import Adapters
from infra.crypto.signing import PUBLIC_KEY_BYTES, SigningKey, key_id
from infra.eventstore.evidence import heads_file
from infra.eventstore.heads import HeadsError, read_heads, rewritten
from infra.eventstore.log_verify import LogVerifier, Verified
from infra.eventstore.seal_rows import newest_seals, sealed_workspaces
from infra.eventstore.seals import Seal, head_after
from infra.postgres.connections import Role
from workers.cli.output_file import OUTPUT_FILE
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, find_workspace, in_workspace, session

HEADS = click.Path(exists=True, dir_okay=False, path_type=Path)


def _public_key(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """Turn hex into keys."""
    try:
        keys = tuple(bytes.fromhex(text) for text in texts)
    except ValueError as error:
        raise click.BadParameter("a public key is 64 hexadecimal digits") from error
    if any(len(key) != PUBLIC_KEY_BYTES for key in keys):
        raise click.BadParameter("a public key is 64 hexadecimal digits")
    return keys


trusting = click.option(
    "--trust",
    multiple=True,
    callback=_public_key,
    metavar="PUBLIC_KEY",
    help="A further key to trust, as `public-key` printed it before the secret was changed.",
)


@click.command("verify")
@in_workspace
@click.option(
    "--from-checkpoint",
    type=HEADS,
    help="Begin after the heads of this file, which were verified before.",
)
@click.option(
    "--against",
    type=HEADS,
    help="The log must still lead to the heads of this file: finds what was signed again.",
)
@trusting
@as_json
def verify_command(
    *,
    workspace: str | None,
    from_checkpoint: Path | None,
    against: Path | None,
    trust: tuple[bytes, ...],
    as_json: bool,
) -> None:
    """Recompute every root of the log, check chain and signatures, name the first bad position.

    Without --workspace all workspaces are verified. Exit code 1 when anything is wrong.
    """
    with session() as adapters:
        found = _verify(adapters, workspace, from_checkpoint, against, trust)
    answer(
        msgspec.to_builtins(found) | {"ok": found.ok},
        as_json=as_json,
        text="\n".join(
            [
                f"{found.events:,} events in {found.seals:,} seals of {found.workspaces:,} "
                f"workspaces, up to position {found.upto:,}: "
                + ("as they were sealed" if found.ok else "NOT AS THEY WERE SEALED"),
                *(
                    f"position {f.position}, workspace {f.workspace_id}: {f.what}"
                    for f in found.faults
                ),
            ]
        ),
    )
    if not found.ok:
        raise SystemExit(1)


@click.command("checkpoints")
@in_workspace
@click.option("--output", type=OUTPUT_FILE, help="Default: standard output.")
def checkpoints_command(*, workspace: str | None, output: Path | None) -> None:
    """Write the signed head of each workspace's chain as JSON, to be kept outside.

    Nobody, the operator included, can rewrite what stands before a head that somebody else has:
    `verify --against` finds it.
    """
    with session() as adapters, adapters.pool.connection() as connection:
        only = _workspace(adapters, workspace)
        wanted = [only] if only else sealed_workspaces(connection)
        public_key = SigningKey(adapters.settings.secret_key).public_key
        content = msgspec.json.encode(heads_file(newest_seals(connection, wanted), public_key))
    content = msgspec.json.format(content, indent=1) + b"\n"
    if output:
        output.write_bytes(content)
    else:
        click.echo(content, nl=False)


@click.command("public-key")
@as_json
def public_key_command(*, as_json: bool) -> None:
    """Print the key that verifies this installation's signatures; give it out by another way."""
    with session(ask_first=False) as adapters:
        key = SigningKey(adapters.settings.secret_key)
    answer(
        {"key_id": key.key_id, "public_key": key.public_key.hex()},
        as_json=as_json,
        text=key.public_key.hex(),
    )


def _verify(
    adapters: Adapters,
    workspace: str | None,
    from_checkpoint: Path | None,
    against: Path | None,
    trust: tuple[bytes, ...],
) -> Verified:
    own = SigningKey(adapters.settings.secret_key).public_key
    keys = {key_id(key): key for key in (own, *trust)}
    only = _workspace(adapters, workspace)
    starts, outside = _heads(from_checkpoint, keys), _heads(against, keys)
    with adapters.connection(Role.WORKER, bounded=False) as connection:
        verifier = LogVerifier(
            connection,
            keys=keys,
            only=only,
            starts={head.workspace_id: head_after(head) for head in starts},
        )
        with progress_bar("verifying", total=adapters.reader.horizon()) as seen:
            found = verifier.verify(seen=seen)
        heads = [head for head in (*starts, *outside) if only in {None, head.workspace_id}]
        faults = [*found.faults, *rewritten(connection, heads)]
    return msgspec.structs.replace(found, faults=sorted(faults, key=lambda f: f.position))


def _workspace(adapters: Adapters, wanted: str | None) -> UUID | None:
    """Return the id that is meant; an id is taken at its word, since read models prove nothing.

    Raises ClickException for an id of which nothing is sealed: it is a typing error, or worse.
    """
    try:
        only = UUID(wanted) if wanted else None
    except ValueError:
        return find_workspace(adapters, wanted)
    if only is not None:
        with adapters.pool.connection() as connection:
            if only not in sealed_workspaces(connection):
                raise click.ClickException(
                    f"nothing of workspace {only} is sealed: leave out --workspace to verify all"
                )
    return only


def _heads(file: Path | None, keys: dict[str, bytes]) -> list[Seal]:
    try:
        return read_heads(file.read_bytes(), keys) if file else []
    except HeadsError as error:
        raise click.ClickException(f"{file}: {error}") from error
