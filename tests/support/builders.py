"""Events with sensible content, for tests that care about one field or none."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.campaigns.events import (
    AudienceFrozen,
    CampaignCancelled,
    CampaignCompleted,
    CampaignDrafted,
    CampaignLaunched,
    CampaignPaused,
    CampaignResumed,
    CampaignScheduled,
)
from domain.contacts.events import ContactImported, ImportFailed
from domain.content.events import TemplateAdded
from domain.delivery.events import EmailSent, EmailsQueued
from domain.engagement.events import EmailOpened
from domain.shared.ids import derive_id
from domain.shared.message_id import message_id
from domain.shared.model import Event, Fact
from domain.tenancy.events import WorkspaceCreated

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)

CAMPAIGN_ID = UUID("0196a000-0000-7000-8000-000000000001")
TEMPLATE_ID = UUID("0196a000-0000-7000-8000-000000000002")
SNAPSHOT = "c0ffee"

DRAFTED = CampaignDrafted(campaign_id=CAMPAIGN_ID, name="May", template_id=TEMPLATE_ID)
SCHEDULED = CampaignScheduled(campaign_id=CAMPAIGN_ID, send_at=NOW, snapshot=SNAPSHOT)
LAUNCHED = CampaignLaunched(campaign_id=CAMPAIGN_ID, launched_at=NOW, snapshot=SNAPSHOT)
FROZEN = AudienceFrozen(campaign_id=CAMPAIGN_ID, queued=7, skipped=2)
PAUSED = CampaignPaused(campaign_id=CAMPAIGN_ID)
RESUMED = CampaignResumed(campaign_id=CAMPAIGN_ID)
CANCELLED = CampaignCancelled(campaign_id=CAMPAIGN_ID)
COMPLETED = CampaignCompleted(campaign_id=CAMPAIGN_ID)

RUNNING = (DRAFTED, SCHEDULED, LAUNCHED)
"""What happened to a campaign that is being sent."""


def fact(event: Event, *about: bytes) -> Fact:
    """Wrap an event; its id is derived from `about`, or is new."""
    return Fact(derive_id(NOW_MS, *(about or (uuid4().bytes,))), event)


def a_fact() -> Fact:
    """Return the smallest fact, without personal data."""
    return fact(ImportFailed(import_id=uuid4(), code="x", reason="y"))


def workspace_created(workspace_id: UUID) -> WorkspaceCreated:
    return WorkspaceCreated(
        workspace_id=workspace_id,
        name="Acme",
        sender_name="Acme",
        sender_address="news@acme.example",
        postal_address="1 Main Street",
    )


def template_added(template_id: UUID = TEMPLATE_ID, *, html: str = "<p>Hi</p>") -> TemplateAdded:
    return TemplateAdded(
        template_id=template_id, name="t", subject="Hi", html=html, text="", sha256="x"
    )


def contact_imported(
    contact_id: UUID, *, row: int = 1, email: str | None = "ann@example.com"
) -> ContactImported:
    return ContactImported(
        contact_id=contact_id,
        import_id=CAMPAIGN_ID,
        row=row,
        email=email,
        first_name="Ann",
        fields={"city": "Ulm"},
    )


def emails_queued(campaign_id: UUID, contacts: Iterable[UUID]) -> EmailsQueued:
    packed = base64.b64encode(b"".join(contact.bytes for contact in contacts)).decode()
    return EmailsQueued(campaign_id=campaign_id, launched_at_ms=NOW_MS, recipients=packed)


def email_sent(campaign_id: UUID, contact_id: UUID, *, reply: str = "250 ok") -> EmailSent:
    return EmailSent(
        message_id=message_of(campaign_id, contact_id),
        campaign_id=campaign_id,
        contact_id=contact_id,
        attempt=1,
        relay="relay.example",
        reply=reply,
    )


def email_opened(campaign_id: UUID, contact_id: UUID) -> EmailOpened:
    return EmailOpened(
        message_id=message_of(campaign_id, contact_id),
        campaign_id=campaign_id,
        contact_id=contact_id,
        user_agent="Reader/1.0",
        ip="198.51.100.0",
    )


def message_of(campaign_id: UUID, contact_id: UUID) -> UUID:
    return message_id(campaign_id=campaign_id, contact_id=contact_id, launched_at_ms=NOW_MS)
