"""Invitations as the operator of the installation makes them."""

import secrets
from datetime import timedelta
from uuid import UUID

import msgspec

from commands.developer.secret import Secret
from commands.tenancy.invite_member import InviteMember, invite_member
from domain.tenancy.roles import Role
from infra.bootstrap import Adapters
from infra.email_addresses import EmailValidator
from infra.postgres.invitations import PostgresInvitations
from infra.postgres.system_mails import PostgresSystemMails
from tests.support.asking import asking


def invited_by_operator(
    app: Adapters,
    workspace_id: UUID,
    invitation_id: UUID,
    email: str,
    *,
    role: Role = Role.OWNER,
    ago: timedelta = timedelta(),
) -> str:
    """Invite, and return the token."""
    context = asking(workspace_id)
    token = secrets.token_urlsafe(32)
    invite_member(
        InviteMember(
            invitation_id=invitation_id, email=email, role=role, by=None, token=Secret(token)
        ),
        msgspec.structs.replace(context, now=context.now - ago),
        app.log,
        PostgresInvitations(app.pool, app.vault, app.settings.secret_key),
        PostgresSystemMails(app.vault),
        EmailValidator(),
        public_url="https://mail.example",
    )
    return token
