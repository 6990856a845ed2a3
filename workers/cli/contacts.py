"""`engine contacts`: bring people in."""

import time
from pathlib import Path
from uuid import UUID

import click

from commands.contacts.request_import import RequestImport, request_import
from domain.contacts.column_mapping import resolve_mapping, suggest_mapping
from domain.contacts.contact_row import ContactFileError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.files.csv_source import ContactFile, open_contacts
from infra.files.limits import MAX_ROWS
from infra.files.rejected_rows import write_rejected
from infra.postgres.import_intake import PostgresImportIntake, chunks_of
from infra.postgres.import_progress import PostgresImports
from workers.cli.output_file import OUTPUT_FILE
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

FIGURES = ("rows", "valid", "duplicates", "invalid", "empty")


@click.group("contacts")
def contacts_group() -> None:
    """Import contacts."""


@contacts_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@in_workspace
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Name a column yourself; repeat."
)
@click.option("--rejected", type=OUTPUT_FILE, help="Write rejected rows to this CSV file.")
@click.option("--consent-source", default="", help="Where these people agreed to get mail.")
@click.option("--consent-text", default="", help="The words they agreed to.")
@click.option("--no-wait", is_flag=True, help="Hand the file over and return.")
@as_json
def import_command(
    *,
    file: Path,
    workspace: str | None,
    maps: tuple[str, ...],
    rejected: Path | None,
    consent_source: str,
    consent_text: str,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Import a CSV file: every row gets a verdict, none is lost, none is taken twice.

    Encoding, delimiter and columns are found out. Ctrl-C stops watching, not importing.
    """
    mapping = _mapping(maps)
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        with open_contacts(file) as contacts:  # refuses what cannot be imported before it is stored
            resolve_mapping(
                contacts.header, explicit=suggest_mapping(contacts.header, overrides=mapping)
            )
            rows = _count_rows(contacts)
        if not no_wait:
            require_worker(adapters, "importer")
            require_worker(adapters, "projector")
        import_id = start_import(
            adapters, workspace_id, file, mapping, consent=(consent_source, consent_text)
        )
        if no_wait:
            answer({"import_id": import_id}, as_json=as_json, text=f"import {import_id} is queued")
            return
        try:
            figures = follow_import(adapters, workspace_id, import_id, rows=rows)
        except FailedImportError:
            if rejected:
                _write_rejected(adapters, workspace_id, import_id, rejected)
            raise
        if rejected:
            _write_rejected(adapters, workspace_id, import_id, rejected)
    text = ", ".join(f"{figures[name]:,} {name}" for name in FIGURES)
    if rejected:
        text += f"\nrejected rows are in {rejected}"
    answer({"import_id": import_id, **figures}, as_json=as_json, text=text)


class FailedImportError(click.ClickException):
    """An import that ended before the end of its file."""


def start_import(
    adapters: Adapters,
    workspace_id: UUID,
    file: Path,
    mapping: dict[str, str],
    *,
    consent: tuple[str, str] = ("", ""),
) -> UUID:
    """Store a file and hand it to the importer; `consent` is the declared source and text."""
    intake = PostgresImportIntake(adapters.pool)
    import_id = new_id()
    with file.open("rb") as source:
        stored = intake.store(workspace_id, import_id, chunks_of(source))
    request_import(
        RequestImport(
            import_id=import_id,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            mapping=mapping,
            consent_source=consent[0],
            consent_text=consent[1],
        ),
        asking(workspace_id),
        adapters.log,
        intake,
    )
    return import_id


def follow_import(
    adapters: Adapters, workspace_id: UUID, import_id: UUID, *, rows: int
) -> dict[str, int]:
    """Watch an import to its end and until its contacts can be read; return the figures.

    `rows` is how many the file has. Raises FailedImportError when it could not be read to its end.
    """
    require_worker(adapters, "importer")
    imports = PostgresImports(adapters.pool)
    with progress_bar("importing", total=rows) as seen:
        while (state := imports.state(workspace_id, import_id)) is not None:
            seen(state.rows)
            if state.status != "running":
                break
            time.sleep(0.1)
    if state is None:
        raise click.ClickException(f"there is no import {import_id} in this workspace")
    if state.status == "failed":
        raise FailedImportError(f"{state.error} ({state.rows:,} rows before it are imported)")
    wait_for(adapters, "contact_list", state.last_position)
    return {name: getattr(state, name) for name in FIGURES}


def _write_rejected(adapters: Adapters, workspace_id: UUID, import_id: UUID, file: Path) -> None:
    imports = PostgresImports(adapters.pool)
    with file.open("wb") as out:
        out.writelines(
            write_rejected(
                imports.rejected(workspace_id, import_id),
                header=imports.header(workspace_id, import_id),
            )
        )


def _count_rows(contacts: ContactFile) -> int:
    """Return how many rows will be read; what is wrong further down is the importer's to tell."""
    try:
        return sum(1 for _ in contacts.rows())
    except ContactFileError:
        return MAX_ROWS


def _mapping(maps: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in maps]
    for field, sign, column in pairs:
        if not (field and sign and column):
            raise click.BadParameter(
                "write FIELD=COLUMN, for example email=Mail", param_hint="--map"
            )
    return {field: column for field, _, column in pairs}
