"""Somebody who may sign in to the demo's workspace and look at it in a browser."""

import http.client
import json
from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.identity.open_account import hand_out_reset, open_account
from commands.tenancy.invite_member import InviteMember, invite_member
from domain.shared.platform import PLATFORM
from domain.tenancy.roles import Role
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.url_tokens import new_url_token
from infra.email_addresses import EmailValidator
from infra.postgres.invitations import PostgresInvitations
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from infra.postgres.system_mails import PostgresSystemMails
from workers.cli.session import asking
from workers.demo.web import Json, UnexpectedAnswerError, Web

EMAIL = "visitor@larkspur.example.com"


class Visitor(msgspec.Struct, frozen=True):
    """What to type at the sign-in page."""

    email: str
    password: str


def let_in(adapters: Adapters, workspace_id: UUID) -> Visitor:
    """Give the visitor an account with a new password, and make them an owner."""
    web = Web(adapters.settings.public_url)
    visitor = Visitor(EMAIL, new_url_token())
    _post(
        web, "/v1/password-resets/redemption", token=_account(adapters), password=visitor.password
    )
    signed_in = _post(web, "/v1/sessions", email=EMAIL, password=visitor.password)
    web.close()
    inside = Web(adapters.settings.public_url, token=signed_in["access_token"])
    inside.post("/v1/invitations/accept", {"token": _invitation(adapters, workspace_id)})
    inside.close()
    return visitor


def _account(adapters: Adapters) -> str:
    """Return a token that sets the password of the visitor's account."""
    tokens = PostgresSingleUseTokens(adapters.pool)
    known = adapters.accounts.by_address(EMAIL)
    if known is not None:
        return hand_out_reset(known.user_id, asking(PLATFORM), adapters.log, tokens)
    return open_account(new_id(), EMAIL, asking(PLATFORM), adapters.log, adapters.accounts, tokens)


def _invitation(adapters: Adapters, workspace_id: UUID) -> str:
    token = new_url_token()
    invite_member(
        InviteMember(
            invitation_id=new_id(), email=EMAIL, role=Role.OWNER, by=None, token=Secret(token)
        ),
        asking(workspace_id),
        adapters.log,
        PostgresInvitations(adapters.pool, adapters.vault, adapters.settings.secret_key),
        PostgresSystemMails(adapters.vault),
        EmailValidator(),
        public_url=adapters.settings.public_url,
    )
    return token


def _post(web: Web, path: str, **values: str) -> Json:
    answer = web.request("POST", path, json.dumps(values).encode(), "application/json")
    if answer.status != http.client.OK:
        raise UnexpectedAnswerError(f"{path} answered {answer.status}")
    return answer.json()
