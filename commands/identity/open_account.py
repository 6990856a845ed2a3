"""What an operator does at the machine: open an account, let a password be set without mail."""

from uuid import UUID

from commands.identity.letters import LINK_VALID_S
from commands.identity.ports import Accounts, Purpose, SingleUseTokens
from commands.ports import EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.shared.context import Context
from domain.shared.errors import IllegalTransitionError


def open_account(
    user_id: UUID,
    email: str,
    context: Context,
    log: EventLog,
    accounts: Accounts,
    tokens: SingleUseTokens,
) -> str:
    """Make an account whose address the operator vouches for; return the secret of its link.

    Raises InvalidInputError, and IllegalTransitionError for an address that has an account.
    """
    email = accounts.checked(email)
    if accounts.by_address(email) is not None:
        raise IllegalTransitionError("this address has an account already")
    add = accounts.add(user_id, email=email, password_hash=None, verified=True)
    token, _, good = tokens.issue(Purpose.RESET_PASSWORD, user_id, valid_s=LINK_VALID_S)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.register(state, user_id=user_id, email=email, verified=True),
        context,
        effects=lambda _: [add, good],
        fresh=True,
    )
    return token


def hand_out_reset(user_id: UUID, context: Context, log: EventLog, tokens: SingleUseTokens) -> str:
    """Return the secret of a link that resets the password once. Raises NotFoundError."""
    token, _, good = tokens.issue(Purpose.RESET_PASSWORD, user_id, valid_s=LINK_VALID_S)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.request_reset(state, user_id=user_id),
        context,
        effects=lambda _: [good],
    )
    return token
