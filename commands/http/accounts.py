"""Write routes of accounts: register, verify, passwords, leave."""

from uuid import UUID

from litestar import delete, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.ports import Memberships
from commands.identity.change_password import (
    change_password,
    confirmed,
    request_reset,
    reset_password,
)
from commands.identity.close_account import delete_account
from commands.identity.letters import Letters
from commands.identity.ports import Asking
from commands.identity.register_account import RegisterAccount, register_account
from commands.identity.sign_in import Door
from commands.identity.verify_address import request_verification, verify_address
from commands.ports import EventLog
from commands.tenancy.leave_all_workspaces import leave_all_workspaces
from commands.tenancy.ports import Members
from domain.shared.context import Context
from schemas.http.identity import (
    AddressOnly,
    Done,
    NewAccount,
    NewPassword,
    PasswordChange,
    PasswordOnly,
    TokenOnly,
)

TAGS = ["accounts"]
FLOOR_S = 0.4
"""Answers that must not tell who has an account take as long for both: more than either needs."""


@post(
    "/v1/accounts",
    status_code=202,
    sync_to_thread=True,
    opt={"public": True, "floor_s": FLOOR_S},
    summary="Register an account",
    tags=TAGS,
)
def post_account(
    data: JSONBody[NewAccount],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    letters: NamedDependency[SkipValidation[Letters]],
) -> Done:
    """Mail a link that verifies the address. The answer is the same for one that is known."""
    door.attempts.mailing(data.email, account_context.ip)
    command = RegisterAccount(user_id=new_id, email=data.email, password=data.password)
    register_account(command, account_context, log, door.accounts, door.passwords, letters)
    return Done()


@post(
    "/v1/accounts/verification",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Verify an address",
    tags=TAGS,
)
def post_verification(
    data: JSONBody[TokenOnly],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
) -> Done:
    """Take the secret of the mailed link; it works once and for an hour."""
    verify_address(data.token, account_context, log, door.accounts, door.tokens)
    return Done()


@post(
    "/v1/accounts/verification-mail",
    status_code=202,
    sync_to_thread=True,
    opt={"public": True, "floor_s": FLOOR_S},
    summary="Mail another verification link",
    tags=TAGS,
)
def post_verification_mail(
    data: JSONBody[AddressOnly],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    letters: NamedDependency[SkipValidation[Letters]],
) -> Done:
    """Answer the same whether there is an account or not."""
    door.attempts.mailing(data.email, account_context.ip)
    request_verification(data.email, account_context, log, door.accounts, letters)
    return Done()


@post(
    "/v1/password-resets",
    status_code=202,
    sync_to_thread=True,
    opt={"public": True, "floor_s": FLOOR_S},
    summary="Mail a link that resets the password",
    tags=TAGS,
)
def post_password_reset(
    data: JSONBody[AddressOnly],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    letters: NamedDependency[SkipValidation[Letters]],
) -> Done:
    """Answer the same whether there is an account or not."""
    door.attempts.mailing(data.email, account_context.ip)
    request_reset(data.email, account_context, log, door.accounts, letters)
    return Done()


@post(
    "/v1/password-resets/redemption",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Set a new password",
    tags=TAGS,
)
def post_new_password(
    data: JSONBody[NewPassword],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    letters: NamedDependency[SkipValidation[Letters]],
) -> Done:
    """End all sessions of the account; signing in asks for the second factor as before."""
    reset_password(data.token, data.password, account_context, log, door, letters)
    return Done()


@put(
    "/v1/me/password",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="Change the password",
    tags=TAGS,
)
def put_password(
    data: JSONBody[PasswordChange],
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    letters: NamedDependency[SkipValidation[Letters]],
) -> Done:
    """End every other session of the account."""
    found = confirmed(person.user_id, data.current_password, door)
    change_password(
        found, data.new_password, account_context, log, door, letters, keep=person.session_id
    )
    return Done()


@delete(
    "/v1/me",
    status_code=200,
    sync_to_thread=True,
    opt={"account": True},
    summary="Delete the account",
    tags=TAGS,
)
def delete_me(
    data: JSONBody[PasswordOnly],
    account_context: NamedDependency[SkipValidation[Context]],
    person: NamedDependency[SkipValidation[Asking]],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    memberships: NamedDependency[SkipValidation[Memberships]],
    members: NamedDependency[SkipValidation[Members]],
) -> Done:
    """Destroy the person's key; refused while a workspace would be left without an owner.

    The person leaves every workspace first.
    """
    confirmed(person.user_id, data.password, door)
    joined = [one.workspace_id for one in memberships.of(person.user_id)]
    leave_all_workspaces(person.user_id, joined, account_context, log, members)
    delete_account(person.user_id, account_context, log, door.accounts, door.sessions)
    return Done()
