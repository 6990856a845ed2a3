"""A small list and a template to try things with; every address is in a documentation domain.

What is mailed to them arrives nowhere (RFC 2606, 3: example.com, example.net, example.org).
"""

import hashlib
import io
from typing import BinaryIO, Protocol
from uuid import UUID

from msgspec.structs import replace

from commands.contacts.request_import import RequestImport, request_import
from commands.content.add_template import AddTemplate, add_template
from commands.ports import EventLog, ImportIntake, Sanitizer
from domain.shared.context import Context
from domain.shared.ids import derive_id, time_ms_of

CONTACTS_CSV = b"""email,first_name,last_name,city
maya.sample@example.com,Maya,Berg,Oslo
jonas.sample@example.com,Jonas,Lind,Malm\xc3\xb6
amara.sample@example.net,Amara,Okafor,Lagos
luis.sample@example.net,Luis,Moreno,Sevilla
hana.sample@example.org,Hana,Sato,Kyoto
eli.sample@example.org,Eli,Weiss,Haifa
"""
TEMPLATE_HTML = """<!doctype html>
<html><head><title>A first newsletter</title></head>
<body style="font-family: sans-serif; color: #222222">
<h1>Hello {{first_name}},</h1>
<p>this is a sample. Change it, or delete it and bring your own.</p>
<p><a href="https://example.com/">A link whose clicks are counted</a></p>
</body></html>
"""
DEFAULTS = {"first_name": "there"}


class Files(Protocol):
    """Where uploaded files wait for the importer."""

    def keep(self, workspace_id: UUID, import_id: UUID, file: BinaryIO) -> None:
        """Store the file, all or nothing; does nothing when this import has its file already."""


def add_sample_data(
    context: Context, log: EventLog, sanitizer: Sanitizer, uploads: Files, intake: ImportIntake
) -> None:
    """Add list and template, once a workspace: ids and commands are derived from it."""
    add_template(
        AddTemplate(
            template_id=_derived(context, b"template"),
            name="Sample newsletter",
            subject="Hello {{first_name}}",
            html=TEMPLATE_HTML,
            defaults=DEFAULTS,
        ),
        replace(context, command_id=_derived(context, b"add template")),
        log,
        sanitizer,
    )
    import_id = _derived(context, b"import")
    uploads.keep(context.workspace_id, import_id, io.BytesIO(CONTACTS_CSV))
    request_import(
        RequestImport(
            import_id=import_id,
            sha256=hashlib.sha256(CONTACTS_CSV).hexdigest(),
            size_bytes=len(CONTACTS_CSV),
            consent_source="sample data",
        ),
        replace(context, command_id=_derived(context, b"request import")),
        log,
        intake,
    )


def _derived(context: Context, what: bytes) -> UUID:
    workspace_id = context.workspace_id
    return derive_id(time_ms_of(workspace_id), b"sample data", what, workspace_id.bytes)
