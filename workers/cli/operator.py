"""`engine operator`: who may look after the installation by the API."""

from uuid import UUID

import click

from commands.platform.grant_operator import GrantOperator, grant_operator
from commands.platform.revoke_operator import RevokeOperator, revoke_operator
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.operators import PostgresOperators, known_operators
from workers.cli.session import answer, as_json, asking, session, table


@click.group("operator")
def operator_group() -> None:
    """Say who may look into workspaces: people with an account and a second factor."""


@operator_group.command("grant")
@click.argument("address")
@as_json
def grant_command(*, address: str, as_json: bool) -> None:
    """Make the account of ADDRESS an operator."""
    with session() as adapters:
        user_id = _account(adapters, address)
        grant_operator(
            GrantOperator(user_id=user_id), asking(PLATFORM), adapters.log, PostgresOperators()
        )
    answer(
        {"user_id": str(user_id)},
        as_json=as_json,
        text=f"operator {user_id}: acts after a sign-in with a second factor, for an hour",
    )


@operator_group.command("revoke")
@click.argument("address")
@as_json
def revoke_command(*, address: str, as_json: bool) -> None:
    """End it: viewings that run are over at once."""
    with session() as adapters:
        user_id = _account(adapters, address)
        revoke_operator(
            RevokeOperator(user_id=user_id), asking(PLATFORM), adapters.log, PostgresOperators()
        )
    answer({"user_id": str(user_id)}, as_json=as_json, text=f"no operator any more: {user_id}")


@operator_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List the accounts of operators."""
    with session() as adapters:
        rows = [{"user_id": str(user_id)} for user_id in known_operators(adapters.pool)]
    table(rows, as_json=as_json, empty="no operator yet: run `engine operator grant ADDRESS`")


def _account(adapters: Adapters, address: str) -> UUID:
    found = adapters.accounts.by_address(address)
    if found is None or not found.verified or found.disabled:
        raise click.ClickException(
            "no account with this address is verified and open: register and verify it first"
        )
    return found.user_id
