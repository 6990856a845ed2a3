"""The mail with an invitation's link."""

from datetime import datetime
from uuid import UUID

from commands.developer.secret import Secret
from commands.ports import SystemMail
from domain.shared.context import Context
from domain.tenancy.decider import Workspace
from domain.tenancy.roles import Role


def invitation_mail(
    workspace: Workspace,
    context: Context,
    *,
    invitation_id: UUID,
    email: str,
    role: Role,
    token: Secret,
    expires_at: datetime,
    public_url: str,
) -> SystemMail:
    """Return the mail of this command. The token stands in the fragment: in no server's log."""
    return SystemMail(
        workspace_id=context.workspace_id,
        mail_id=context.command_id,
        kind="invitation",
        subject_id=invitation_id,
        to_address=email,
        values={
            "workspace": workspace.profile.name if workspace.profile else "",
            "role": role,
            "link": f"{public_url}/invitation#token={token.text}",
        },
        expires_at=expires_at,
        sandbox=context.sandbox,
    )
