"""Show what one person would get of a template, saved or not. Nothing is recorded."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from commands.content.ports import ContactValues, Previews, Renderer
from commands.content.writing import Kept, Writing, kept
from commands.ports import Audience, EventLog, Sanitizer
from domain.content.decider import TEMPLATE, Content, content_of
from domain.content.preheader import with_preheader
from domain.content.snapshot import ForeignTags, Snapshot
from domain.content.tag_names import custom_names
from domain.content.versions import VERSIONS, version_of
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from domain.tenancy.decider import WORKSPACE

SAMPLE: Mapping[str, str] = {
    "email": "alex@example.com",
    "first_name": "Alex",
    "last_name": "Example",
}
"""Of nobody (example.com is reserved, RFC 2606); shown where no contact is chosen."""
NO_ADDRESS = "(your postal address)"


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Whose values are filled in: a contact's, or the sample's; `values` go before either."""

    contact_id: UUID | None = None
    values: dict[str, str] = {}


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody would see; `path` leads to the HTML until `expires_at`. Sizes in bytes."""

    subject: str
    preheader: str
    text: str
    html_bytes: int
    text_bytes: int
    warnings: list[str]
    path: str
    expires_at: datetime


class Viewer(msgspec.Struct, frozen=True):
    """The ports that a preview needs."""

    contacts: ContactValues
    renderer: Renderer
    previews: Previews
    audience: Audience


def preview_template(
    template_id: UUID,
    version: int | None,
    recipient: Recipient,
    context: Context,
    log: EventLog,
    viewer: Viewer,
) -> Preview:
    """Show a saved template, or one version of it. Raises NotFoundError."""
    content = content_of(log.state(TEMPLATE, template_id, context))
    if version is not None:
        content = version_of(log.state(VERSIONS, template_id, context), version)
    return _shown(content, content.warnings, recipient, context, log, viewer)


def preview_writing(
    writing: Writing,
    recipient: Recipient,
    context: Context,
    log: EventLog,
    viewer: Viewer,
    sanitizer: Sanitizer,
) -> Preview:
    """Show what an author writes, cleaned as it would be saved. Raises the errors of `kept`."""
    content = kept(writing, sanitizer)
    return _shown(content, content.warnings, recipient, context, log, viewer)


def _shown(
    content: Content | Kept,
    warnings: list[str],
    recipient: Recipient,
    context: Context,
    log: EventLog,
    viewer: Viewer,
) -> Preview:
    custom = custom_names(content)
    known = viewer.audience.known_fields(context.workspace_id, custom) if custom else frozenset()
    values = _values(recipient, known, context, viewer.contacts)
    workspace = log.state(WORKSPACE, context.workspace_id, context).profile
    snapshot = Snapshot(
        subject=content.subject,
        html=with_preheader(content.html, content.preheader),
        text=content.text,
        from_email="",
        postal_address=(workspace.postal_address if workspace else "") or NO_ADDRESS,
        defaults=content.defaults,
        fields=known | recipient.values.keys(),
        foreign_tags=ForeignTags.KEEP,
    )
    seen = viewer.renderer.render(snapshot, values)
    path, expires_at = viewer.previews.keep(context.workspace_id, seen.html)
    return Preview(
        subject=seen.subject,
        preheader=content.preheader,
        text=seen.text,
        html_bytes=len(seen.html.encode()),
        text_bytes=len(seen.text.encode()),
        warnings=list(dict.fromkeys([*warnings, *seen.warnings])),
        path=path,
        expires_at=expires_at,
    )


def _values(
    recipient: Recipient, known: frozenset[str], context: Context, contacts: ContactValues
) -> dict[str, str]:
    """Return what fills the tags in. A custom field of nobody's shows its own name."""
    if recipient.contact_id is None:
        named = {name: name.replace("_", " ") for name in known}
        return {**named, **SAMPLE, **recipient.values}
    found = contacts.of(context.workspace_id, recipient.contact_id)
    if found is None:
        raise NotFoundError("there is no such contact in this workspace")
    return {**found, **recipient.values}
