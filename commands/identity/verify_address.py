"""Verify the address of an account: by the link of a mail, and another mail when it was lost."""

from commands.identity.letters import Letters
from commands.identity.ports import Accounts, Purpose, SingleUseTokens
from commands.ports import EventLog
from domain.identity import account
from domain.identity.account import ACCOUNT
from domain.shared.context import Context


def verify_address(
    token: str, context: Context, log: EventLog, accounts: Accounts, tokens: SingleUseTokens
) -> None:
    """Believe the address. Raises TokenRefusedError."""
    user_id = tokens.owner(Purpose.VERIFY_ADDRESS, token)
    used = tokens.redeem(Purpose.VERIFY_ADDRESS, token)
    log.decide(
        ACCOUNT,
        user_id,
        lambda state: account.verify(state, user_id=user_id),
        context,
        effects=lambda _: [used, accounts.verified(user_id)],
    )


def request_verification(
    email: str, context: Context, log: EventLog, accounts: Accounts, letters: Letters
) -> None:
    """Mail another link, if there is an account that needs one; nobody learns whether."""
    found = accounts.by_address(accounts.checked(email))
    if found is None or found.verified:
        return
    link = letters.with_link(Purpose.VERIFY_ADDRESS, found.user_id, found.email)
    log.decide(
        ACCOUNT,
        found.user_id,
        lambda state: account.request_verification(state, user_id=found.user_id),
        context,
        effects=lambda _: link,
    )
