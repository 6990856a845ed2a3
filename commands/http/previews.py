"""What would one person see? Routes that show a template and record nothing."""

from collections.abc import Set as AbstractSet
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.content.preview_template import (
    Preview as Seen,
)
from commands.content.preview_template import (
    Recipient,
    Viewer,
    preview_template,
    preview_writing,
)
from commands.content.writing import Writing
from commands.http.content import TEMPLATE_LIMIT_BYTES
from commands.ports import EventLog, Sanitizer
from domain.shared.context import Context
from domain.shared.errors import PermissionMissingError
from schemas.http.content import Preview, PreviewRequest, SavedPreview, WrittenPreview


@post(
    "/v1/templates/{template_id:uuid}/preview",
    status_code=200,
    sync_to_thread=True,
    opt={"permission": "templates:read"},
    summary="Show a template as one person would get it",
    tags=["templates"],
)
def post_template_preview(
    template_id: FromPath[UUID],
    data: JSONBody[SavedPreview],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    viewer: NamedDependency[SkipValidation[Viewer]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> Preview:
    """Render with a contact's values (needs `contacts:read`), or with sample ones."""
    recipient = _recipient(data, permissions)
    return _shown(preview_template(template_id, data.version, recipient, context, log, viewer))


@post(
    "/v1/templates/preview",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=TEMPLATE_LIMIT_BYTES,
    opt={"permission": "templates:read"},
    summary="Show what is in the editor as one person would get it",
    tags=["templates"],
)
def post_preview(
    data: JSONBody[WrittenPreview],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
    viewer: NamedDependency[SkipValidation[Viewer]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> Preview:
    """Clean and render without saving: the same as after a save."""
    writing = Writing(**msgspec.structs.asdict(data.template))
    recipient = _recipient(data, permissions)
    return _shown(preview_writing(writing, recipient, context, log, viewer, sanitizer))


def _recipient(data: PreviewRequest, permissions: AbstractSet[str]) -> Recipient:
    if data.contact_id is not None and "contacts:read" not in permissions:
        raise PermissionMissingError(
            "a contact's preview shows what is known of them, which needs contacts:read; "
            "leave `contact_id` out for sample values"
        )
    return Recipient(contact_id=data.contact_id, values=data.values)


def _shown(seen: Seen) -> Preview:
    return Preview(
        subject=seen.subject,
        preheader=seen.preheader,
        text=seen.text,
        html_bytes=seen.html_bytes,
        text_bytes=seen.text_bytes,
        warnings=seen.warnings,
        url=seen.path,
        expires_at=seen.expires_at,
    )
