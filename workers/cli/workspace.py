"""`engine workspace`: companies and their API tokens."""

from uuid import UUID

import click
import msgspec

from commands.developer.issue_api_token import IssueApiToken, issue_api_token
from commands.developer.secret import Secret
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from commands.tenancy.invite_member import InviteMember, invite_member
from domain.privacy.names import OPEN_PERSONAL
from domain.tenancy.roles import Role
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.tokens import new_token
from infra.crypto.url_tokens import new_url_token
from infra.email_addresses import EmailValidator
from infra.postgres.api_tokens import PostgresApiTokens
from infra.postgres.invitations import PostgresInvitations
from infra.postgres.system_mails import PostgresSystemMails
from infra.postgres.workspaces import known_workspaces
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


@click.group("workspace")
def workspace_group() -> None:
    """Found workspaces and let programs in."""


@workspace_group.command("create")
@click.argument("name")
@click.option("--sender-address", required=True, help="The From address of its mail.")
@click.option("--sender-name", default="", help="The From name; default: NAME.")
@click.option(
    "--postal-address", required=True, help="Stands in every mail, as the law asks (CAN-SPAM)."
)
@as_json
def create_command(
    *, name: str, sender_address: str, sender_name: str, postal_address: str, as_json: bool
) -> None:
    """Found a workspace and print its first API token, which is shown once."""
    with session() as adapters:
        founded = found_workspace(
            adapters,
            name=name,
            sender_name=sender_name,
            sender_address=sender_address,
            postal_address=postal_address,
        )
    answer(
        msgspec.to_builtins(founded),
        as_json=as_json,
        text=f"workspace {founded.workspace_id}\ntoken     {founded.token}   (shown once: keep it)",
    )


@workspace_group.command("token")
@in_workspace
@click.option("--name", required=True, help="Who uses it.")
@click.option(
    "--permit",
    multiple=True,
    type=click.Choice([OPEN_PERSONAL]),
    help="What it may do beyond what every token may.",
)
@as_json
def token_command(
    *, workspace: str | None, name: str, permit: tuple[str, ...], as_json: bool
) -> None:
    """Issue a further API token, which is shown once."""
    with session() as adapters:
        token = issue(adapters, find_workspace(adapters, workspace), name, permissions=permit)
    answer({"token": token}, as_json=as_json, text=f"token {token}   (shown once: keep it)")


@workspace_group.command("invite")
@click.argument("address")
@in_workspace
@click.option(
    "--role", type=click.Choice([str(role) for role in Role]), default="owner", show_default=True
)
@as_json
def invite_command(*, address: str, workspace: str | None, role: str, as_json: bool) -> None:
    """Mail ADDRESS an invitation: how a workspace made here gets its first owner."""
    with session() as adapters:
        command = InviteMember(
            invitation_id=new_id(),
            email=address,
            role=Role(role),
            by=None,
            token=Secret(new_url_token()),
        )
        invite_member(
            command,
            asking(find_workspace(adapters, workspace)),
            adapters.log,
            PostgresInvitations(adapters.pool, adapters.vault, adapters.settings.secret_key),
            PostgresSystemMails(adapters.vault),
            EmailValidator(),
            public_url=adapters.settings.public_url,
        )
    invitation_id = str(command.invitation_id)
    answer(
        {"invitation_id": invitation_id}, as_json=as_json, text=f"invitation {invitation_id} mailed"
    )


@workspace_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List the workspaces."""
    with session() as adapters:
        rows = [msgspec.to_builtins(found) for found in known_workspaces(adapters.pool)]
    table(
        rows,
        as_json=as_json,
        empty="no workspace yet: run `engine workspace create NAME ...`",
    )


class FoundedWorkspace(msgspec.Struct, frozen=True):
    """A new workspace and its first API token."""

    workspace_id: UUID
    token: str
    position: int


def found_workspace(
    adapters: Adapters, *, name: str, sender_name: str, sender_address: str, postal_address: str
) -> FoundedWorkspace:
    """Found a workspace, issue a token, and wait until both can be used."""
    require_worker(adapters, "projector")  # before the token exists, which is shown once
    workspace_id = new_id()
    position = create_workspace(
        CreateWorkspace(
            workspace_id=workspace_id,
            name=name,
            sender_name=sender_name,
            sender_address=sender_address,
            postal_address=postal_address,
        ),
        asking(workspace_id),
        adapters.log,
    )
    token = issue(adapters, workspace_id, "first token")
    wait_for(adapters, "workspace_list", position)
    return FoundedWorkspace(workspace_id, token, position)


def issue(
    adapters: Adapters, workspace_id: UUID, name: str, *, permissions: tuple[str, ...] = ()
) -> str:
    """Issue an API token and return its secret."""
    token = new_token()
    issue_api_token(
        IssueApiToken(token_id=new_id(), name=name, secret=token, permissions=permissions),
        asking(workspace_id),
        adapters.log,
        PostgresApiTokens(),
    )
    return token
