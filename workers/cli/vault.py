"""`engine vault`: the epochs of the keys."""

import click
import msgspec

from infra.crypto.rotation import BATCH, RotationError, rotate
from infra.crypto.vault_status import VaultStatus, vault_status
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, session


@click.group("vault")
def vault_group() -> None:
    """End an epoch of the key vault, and see how it stands."""


@vault_group.command("rotate")
@click.option(
    "--batch",
    default=BATCH,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Keys re-wrapped in one transaction.",
)
@as_json
def rotate_command(*, batch: int, as_json: bool) -> None:
    """Re-wrap all live keys under a new epoch and destroy the old one's key.

    From then on no backup made before opens what was erased. Safe while everything runs; after
    an interruption run it again, and it goes on where it was.
    """
    with (
        session() as adapters,
        adapters.vault_connection() as connection,
        progress_bar("re-wrapping", total=None) as seen,
    ):
        try:
            done = rotate(connection, adapters.outside_vault, batch=batch, progress=seen)
        except RotationError as error:
            raise click.ClickException(str(error)) from error
    answer(
        msgspec.to_builtins(done),
        as_json=as_json,
        text=f"epoch {done.epoch} is current: {done.rewrapped:,} keys re-wrapped, "
        f"{done.exported:,} in the live keys, "
        f"{len(done.destroyed)} older epoch keys destroyed"
        + (" (an interrupted rotation was finished)" if done.resumed else ""),
    )


@vault_group.command("status")
@as_json
def status_command(*, as_json: bool) -> None:
    """Show epochs, keys and erasures, and whether the vault is what the outside knows of it."""
    with session() as adapters, adapters.vault_connection() as connection:
        found = vault_status(connection, adapters.outside_vault)
    answer(
        msgspec.to_builtins(found),
        as_json=as_json,
        text=_text(found),
    )


def _text(found: VaultStatus) -> str:
    behind = f"; {found.unsettled:,} more in the ledger: run `engine db migrate`"
    lines = {
        "epoch": f"{found.epoch}, {found.age_days:.1f} days old",
        "keys": f"{found.keys:,} of persons in {found.workspaces:,} workspaces",
        "older epochs": f"{found.keys_of_older_epochs:,} keys to re-wrap",
        "live keys": f"of epoch {found.live_keys_epoch}" if found.live_keys_epoch else "none yet",
        "key files": ", ".join(map(str, found.key_files)),
        "erased": f"{found.fences:,} fences" + (behind if found.unsettled else ""),
    }
    return "\n".join(f"{name:<14}{value}" for name, value in lines.items())
