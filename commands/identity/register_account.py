"""Make an account; whoever asks learns nothing of who has one already."""

from uuid import UUID

import msgspec

from commands.identity.letters import Letters
from commands.identity.password_check import checked_password
from commands.identity.ports import Accounts, FoundAccount, Passwords, Purpose
from commands.ports import EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError


class RegisterAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants an account."""

    user_id: UUID
    email: str
    password: str

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"RegisterAccount({self.user_id})"


def register_account(
    command: RegisterAccount,
    context: Context,
    log: EventLog,
    accounts: Accounts,
    passwords: Passwords,
    letters: Letters,
) -> None:
    """Record the account and mail a link; an address that has one is told so by mail alone.

    The password is hashed either way, so that both take as long. Raises WeakPasswordError and
    InvalidInputError.
    """
    email = accounts.checked(command.email)
    password_hash = checked_password(command.password, email, passwords)
    found = accounts.by_address(email)
    if found is not None:
        _tell(found, context, log, letters)
        return
    try:
        _register(command, email, password_hash, context, log, accounts, letters)
    except ConcurrentChangeError:
        found = accounts.by_address(email)  # somebody registered the same address meanwhile
        if found is None:
            raise
        _tell(found, context, log, letters)


def _register(
    command: RegisterAccount,
    email: str,
    password_hash: str,
    context: Context,
    log: EventLog,
    accounts: Accounts,
    letters: Letters,
) -> None:
    add = accounts.add(command.user_id, email=email, password_hash=password_hash, verified=False)
    link = letters.with_link(Purpose.VERIFY_ADDRESS, command.user_id, email)
    log.decide(
        ACCOUNT,
        command.user_id,
        lambda state: account.register(state, user_id=command.user_id, email=email),
        context,
        effects=lambda _: [add, *link],
        fresh=True,
    )


def _tell(found: FoundAccount, context: Context, log: EventLog, letters: Letters) -> None:
    mail = letters.news(
        "address_known", found.user_id, found.email, page="sign-in", now=context.now
    )
    log.decide(
        ACCOUNT,
        found.user_id,
        lambda state: account.repeat(state, user_id=found.user_id),
        context,
        effects=lambda _: [mail],
    )
