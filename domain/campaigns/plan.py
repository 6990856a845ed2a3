"""What a draft says about its mail: which template, and what goes before template and workspace."""

from uuid import UUID

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Empty texts leave it to the template (subject) or the workspace (sender, reply address)."""

    name: str
    template_id: UUID
    subject: str = ""
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changes of a plan; None leaves it as it is, an empty text takes it back."""

    name: str | None = None
    template_id: UUID | None = None
    subject: str | None = None
    sender_name: str | None = None
    sender_address: str | None = None
    reply_to: str | None = None


def changed(plan: Plan, changes: Changes) -> Plan:
    """Return the plan with the changes."""
    said = msgspec.structs.asdict(changes)
    return msgspec.structs.replace(
        plan, **{name: value for name, value in said.items() if value is not None}
    )
