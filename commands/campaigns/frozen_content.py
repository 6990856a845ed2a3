"""Freeze what a campaign will send: template, sender and postal address as they are now."""

import msgspec

from commands.ports import Audience, EventLog
from domain.campaigns.plan import Plan
from domain.content.compile import compile_content
from domain.content.decider import TEMPLATE, content_of
from domain.content.errors import UnknownMergeTagError
from domain.content.preheader import with_preheader
from domain.content.snapshot import ForeignTags, Snapshot
from domain.content.tag_names import custom_names
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError, NotFoundError
from domain.tenancy.decider import WORKSPACE


class FrozenContent(msgspec.Struct, frozen=True):
    """What the table `snapshots` keeps: the snapshot's own fields and, beside them, `links`.

    `links[n]` is where link n leads. `sending_domain` is the sender's.
    """

    sha256: str
    json: bytes
    sending_domain: str = ""


def freeze_content(
    plan: Plan, context: Context, log: EventLog, audience: Audience
) -> FrozenContent:
    """Build the snapshot and compile it once, so that what cannot be sent is refused now.

    Raises UnknownMergeTagError naming tag and line, and the other errors of `compile_content`.
    """
    template = content_of(log.state(TEMPLATE, plan.template_id, context))
    template = msgspec.structs.replace(template, subject=plan.subject or template.subject)
    workspace = log.state(WORKSPACE, context.workspace_id, context).profile
    if workspace is None:
        raise NotFoundError("there is no such workspace; create it first")
    sender_address = plan.sender_address or workspace.sender_address
    if not (sender_address and workspace.postal_address):
        raise InvalidInputError(
            "the workspace has no sender or no postal address yet, and mail needs both: "
            "set them by PUT /v1/workspace/sender and PUT /v1/workspace/postal-address"
        )
    custom = custom_names(template)
    snapshot = Snapshot(
        subject=template.subject,
        html=with_preheader(template.html, template.preheader),
        text=template.text,
        from_email=sender_address,
        from_name=plan.sender_name or workspace.sender_name,
        reply_to=plan.reply_to,
        postal_address=workspace.postal_address,
        defaults=template.defaults,
        foreign_tags=ForeignTags.KEEP if template.keep_foreign_tags else ForeignTags.REFUSE,
        fields=audience.known_fields(context.workspace_id, custom) if custom else frozenset(),
    )
    try:
        content = compile_content(snapshot)
    except UnknownMergeTagError as error:
        raise UnknownMergeTagError(
            f"{error} (lines of the cleaned template, as GET /v1/templates/{plan.template_id} "
            "shows it)"
        ) from error
    stored = msgspec.to_builtins(snapshot, order="deterministic") | {"links": list(content.links)}
    domain = sender_address.rpartition("@")[2].lower()
    return FrozenContent(snapshot.digest(), msgspec.json.encode(stored), domain)
