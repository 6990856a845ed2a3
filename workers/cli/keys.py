"""`engine keys`: API keys with scopes, expiry, networks and rotation."""

from datetime import timedelta
from uuid import UUID

import click

from commands.developer.issue_api_key import IssueApiKey, issue_api_key
from commands.developer.revoke_api_key import RevokeApiKey, revoke_api_key
from commands.developer.rotate_api_key import RotateApiKey, rotate_api_key
from commands.developer.secret import Secret
from domain.developer.decider import API_TOKEN
from domain.developer.scopes import Grant
from domain.tenancy.roles import PERMISSIONS
from infra.clock import new_id, now
from infra.crypto.tokens import new_token
from infra.postgres.api_tokens import PostgresApiTokens, known_api_keys
from workers.cli.session import (
    answer,
    as_json,
    asking,
    find_workspace,
    in_workspace,
    session,
    table,
)


@click.group("keys")
def keys_group() -> None:
    """Let programs in, with no more than they need."""


@keys_group.command("create")
@in_workspace
@click.option("--name", required=True, help="Who uses it.")
@click.option(
    "--scope", multiple=True, required=True, type=click.Choice(sorted(PERMISSIONS)), help="May do."
)
@click.option("--test", is_flag=True, help="What it sends reaches only the sandbox.")
@click.option("--expires-days", type=click.IntRange(1, 3650), help="Good for so many days.")
@click.option("--network", multiple=True, help="Good only from here: 203.0.113.0/24.")
@as_json
def create_command(
    *,
    workspace: str | None,
    name: str,
    scope: tuple[str, ...],
    test: bool,
    expires_days: int | None,
    network: tuple[str, ...],
    as_json: bool,
) -> None:
    """Issue a key and print its secret, which is shown once."""
    secret, token_id = Secret(new_token(test=test)), new_id()
    expires = now() + timedelta(days=expires_days) if expires_days else None
    with session() as adapters:
        issue_api_key(
            IssueApiKey(
                token_id=token_id,
                name=name,
                secret=secret,
                grant=Grant(scopes=scope, test=test, expires_at=expires, networks=network),
                permissions=PERMISSIONS,
            ),
            asking(find_workspace(adapters, workspace)),
            adapters.log,
            PostgresApiTokens(),
        )
    _show(token_id, secret, as_json=as_json)


@keys_group.command("list")
@in_workspace
@as_json
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List the keys, without their secrets."""
    with session() as adapters:
        rows = known_api_keys(adapters.pool, find_workspace(adapters, workspace))
    table(
        rows,
        as_json=as_json,
        empty="no key yet: run `engine keys create --name NAME --scope ...`",
    )


@keys_group.command("rotate")
@click.argument("key", type=click.UUID)
@in_workspace
@click.option(
    "--old-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="The old secret is good for so long.",
)
@as_json
def rotate_command(*, key: UUID, workspace: str | None, old_hours: int, as_json: bool) -> None:
    """Print a new secret, once; the old one is good for a while."""
    with session() as adapters:
        context = asking(find_workspace(adapters, workspace))
        secret = Secret(new_token(test=adapters.log.state(API_TOKEN, key, context).grant.test))
        command = RotateApiKey(
            token_id=key,
            secret=secret,
            old_ends_at=context.now + timedelta(hours=old_hours),
            permissions=PERMISSIONS,
        )
        rotate_api_key(command, context, adapters.log, PostgresApiTokens())
    _show(key, secret, as_json=as_json)


@keys_group.command("revoke")
@click.argument("key", type=click.UUID)
@in_workspace
@as_json
def revoke_command(*, key: UUID, workspace: str | None, as_json: bool) -> None:
    """Refuse a key from its next request on."""
    with session() as adapters:
        context = asking(find_workspace(adapters, workspace))
        revoke_api_key(RevokeApiKey(token_id=key), context, adapters.log, PostgresApiTokens())
    answer({"key": str(key), "revoked": True}, as_json=as_json, text=f"key {key} is revoked")


def _show(token_id: UUID, secret: Secret, *, as_json: bool) -> None:
    answer(
        {"key": str(token_id), "secret": secret.text},
        as_json=as_json,
        text=f"key     {token_id}\nsecret  {secret.text}   (shown once: keep it)",
    )
