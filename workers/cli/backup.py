"""`engine backup` and `engine restore`: both databases out to a directory, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
import psycopg

from infra.backup.dump import Progress, back_up
from infra.backup.errors import BackupError
from workers.cli.progress import progress_bar
from workers.cli.session import answer, as_json, session
from workers.restoring import restore

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("backup")
@click.argument("folder", type=FOLDER)
@as_json
def backup_command(*, folder: Path, as_json: bool) -> None:
    """Back up log and vault into FOLDER, a new directory; the engine may run meanwhile.

    The URLs need a superuser. The directory of the vault's keys is not in it: see docs/backup.md.
    """
    with session(ask_first=False) as adapters, _sentences(), _progress() as progress:
        made = back_up(
            adapters.settings, adapters.outside_vault, folder.absolute(), progress=progress
        )
    size = made.log.size_bytes + made.vault.size_bytes
    answer(
        {"folder": str(folder), **msgspec.to_builtins(made)},
        as_json=as_json,
        text=f"{folder}: {made.events:,} events up to position {made.horizon}, "
        f"{size / 1024**2:.1f} MiB",
    )


@click.command("restore")
@click.argument("folder", type=FOLDER)
@click.option("--force", is_flag=True, help="Replace databases that are not empty.")
@as_json
def restore_command(*, folder: Path, force: bool, as_json: bool) -> None:
    """Bring the backup in FOLDER back; whoever was erased since stays erased.

    The URLs need a superuser; the engine must not run. Campaigns that were running are paused,
    those that were due cancelled: the backup does not know what was sent since.
    """
    with session(ask_first=False) as adapters, _sentences(), _progress() as progress:
        done = restore(adapters.settings, folder.absolute(), force=force, progress=progress)
    answer(
        msgspec.to_builtins(done),
        as_json=as_json,
        text=f"{done.events:,} events restored up to position {done.horizon}, "
        f"{done.erased_again:,} persons erased again, "
        f"{len(done.read_models)} read models rebuilt, {done.campaigns_held} campaigns held; "
        "start the engine",
    )


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise click.ClickException(
            "the user in ENGINE_DATABASE_URL or ENGINE_VAULT_URL may not do this "
            f"({str(error).splitlines()[0]}): give those of a superuser"
        ) from error


@contextmanager
def _progress() -> Iterator[Progress]:
    with progress_bar("beginning", total=None) as seen:
        yield lambda what, done, total: seen(done, total, label=what)
