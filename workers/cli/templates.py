"""`engine templates`: what mails look like."""

from pathlib import Path

import click
import msgspec

from commands.content.add_template import AddTemplate, add_template
from infra.clock import new_id
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.postgres.templates import known_templates
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    require_worker,
    session,
    table,
    wait_for,
)


@click.group("templates")
def templates_group() -> None:
    """Add and list templates."""


@templates_group.command("add")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@in_workspace
@click.option("--name", default="", help="Default: the file's name.")
@click.option("--subject", required=True, help="Subject line; merge tags are welcome.")
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="TAG=VALUE",
    help="For contacts that lack a field; repeat.",
)
@click.option(
    "--keep-foreign-tags", is_flag=True, help="Send {{tags}} of another system as they stand."
)
@as_json
def add_command(
    *,
    file: Path,
    workspace: str | None,
    name: str,
    subject: str,
    defaults: tuple[str, ...],
    keep_foreign_tags: bool,
    as_json: bool,
) -> None:
    """Clean an HTML file, make its text part, and keep it as a template."""
    try:
        html = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file} is not UTF-8 (byte {error.start}): save it as UTF-8"
        ) from error
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        require_worker(adapters, "projector")
        template_id = new_id()
        added = add_template(
            AddTemplate(
                template_id=template_id,
                name=name or file.stem,
                subject=subject,
                html=html,
                defaults=_defaults(defaults),
                keep_foreign_tags=keep_foreign_tags,
            ),
            asking(workspace_id),
            adapters.log,
            Nh3Sanitizer(),
        )
        wait_for(adapters, "template_list", added.position)
    text = "\n".join([f"template {template_id}", *(f"  warning: {w}" for w in added.warnings)])
    answer(
        {"template_id": template_id, "position": added.position, "warnings": list(added.warnings)},
        as_json=as_json,
        text=text,
    )


@templates_group.command("list")
@in_workspace
@as_json
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List the templates of a workspace, the newest first."""
    with session() as adapters:
        workspace_id = find_workspace(adapters, workspace)
        rows = known_templates(adapters.pool, workspace_id)
    table(
        [msgspec.to_builtins(row) for row in rows],
        as_json=as_json,
        empty="no template yet: run `engine templates add FILE --subject ...`",
    )


def _defaults(pairs: tuple[str, ...]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for tag, sign, _ in split:
        if not (tag and sign):
            raise click.BadParameter(
                "write TAG=VALUE, for example city=Berlin", param_hint="--default"
            )
    return {tag: value for tag, _, value in split}
