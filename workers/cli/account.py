"""`engine account`: people's accounts, for who is at the machine; needs neither mail nor worker."""

from uuid import UUID

import click

from commands.identity.close_account import disable_account, enable_account
from commands.identity.open_account import hand_out_reset, open_account
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.sessions import PostgresSessions
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from workers.cli.session import answer, as_json, asking, session, table


@click.group("account")
def account_group() -> None:
    """Open, list, disable and enable accounts of people."""


@account_group.command("create")
@click.argument("email")
@as_json
def create_command(*, email: str, as_json: bool) -> None:
    """Open an account for EMAIL and print a link that sets its password, once, within an hour."""
    user_id = new_id()
    with session() as adapters:
        tokens = PostgresSingleUseTokens(adapters.pool)
        token = open_account(
            user_id, email, asking(PLATFORM), adapters.log, adapters.accounts, tokens
        )
        link = _link(adapters, token)
    text = f"account {user_id}\nlink    {link}   (works once, for an hour)"
    answer({"user_id": user_id, "link": link}, as_json=as_json, text=text)


@account_group.command("list")
@as_json
def list_command(*, as_json: bool) -> None:
    """List the accounts, oldest first."""
    with session() as adapters:
        rows = [
            {
                "user_id": found.user_id,
                "email": found.email,
                "verified": found.verified,
                "disabled": found.disabled,
                "second_factor": found.factor_required,
            }
            for found in adapters.accounts.everybody()
        ]
    table(rows, as_json=as_json, empty="no account yet: run `engine account create EMAIL`")


@account_group.command("disable")
@click.argument("account")
@click.option("--reason", required=True, help="Stands in the log: write no personal data.")
@as_json
def disable_command(*, account: str, reason: str, as_json: bool) -> None:
    """Keep ACCOUNT (id or address) from signing in, and end its sessions everywhere."""
    with session() as adapters:
        user_id = _find(adapters, account)
        sessions = PostgresSessions(adapters.pool, adapters.settings.secret_key)
        disable_account(
            user_id, asking(PLATFORM), adapters.log, adapters.accounts, sessions, reason=reason
        )
    answer({"user_id": user_id}, as_json=as_json, text=f"account {user_id} is disabled")


@account_group.command("enable")
@click.argument("account")
@as_json
def enable_command(*, account: str, as_json: bool) -> None:
    """Let ACCOUNT (id or address) sign in again."""
    with session() as adapters:
        user_id = _find(adapters, account)
        enable_account(user_id, asking(PLATFORM), adapters.log, adapters.accounts)
    answer({"user_id": user_id}, as_json=as_json, text=f"account {user_id} is enabled")


@account_group.command("reset-link")
@click.argument("account")
@as_json
def reset_link_command(*, account: str, as_json: bool) -> None:
    """Print a link that sets the password of ACCOUNT (id or address), once, within an hour."""
    with session() as adapters:
        user_id = _find(adapters, account)
        tokens = PostgresSingleUseTokens(adapters.pool)
        link = _link(adapters, hand_out_reset(user_id, asking(PLATFORM), adapters.log, tokens))
    answer({"link": link}, as_json=as_json, text=f"{link}   (works once, for an hour)")


def _find(adapters: Adapters, wanted: str) -> UUID:
    """Return the account's id; wanted is the id or the address."""
    try:
        found = adapters.accounts.by_id(UUID(wanted))
    except ValueError:
        found = adapters.accounts.by_address(wanted)
    if found is None:
        raise click.ClickException("there is no such account: see `engine account list`")
    return found.user_id


def _link(adapters: Adapters, token: str) -> str:
    return f"{adapters.settings.public_url}/reset-password#token={token}"
