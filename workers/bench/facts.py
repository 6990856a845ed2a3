"""What the benchmarks record, and who asks."""

import time
from datetime import UTC, datetime
from random import getrandbits
from uuid import UUID, uuid4

from domain.contacts.events import ContactImported
from domain.delivery.events import EmailSent
from domain.shared.context import Context
from domain.shared.ids import derive_id
from domain.shared.model import Fact
from infra.clock import new_id

RANDOM_BITS = 80  # of an id that starts with 48 bits of ms


def new_context(workspace_id: UUID) -> Context:
    """Return the context of a new command."""
    command = new_id()
    return Context(
        workspace_id=workspace_id,
        actor="bench",
        now=datetime.now(UTC),
        command_id=command,
        correlation_id=command,
    )


def sent_facts(count: int, campaign: UUID) -> list[Fact]:
    """Return facts without personal data, made quickly: a bulk writer beside others is to write."""
    at = int(time.time() * 1000) << RANDOM_BITS
    ids = [UUID(int=at | getrandbits(RANDOM_BITS)) for _ in range(count)]
    return [
        Fact(
            i, EmailSent(message_id=i, campaign_id=campaign, contact_id=i, attempt=1, relay="relay")
        )
        for i in ids
    ]


def contact_facts(count: int) -> list[Fact]:
    """Return facts with two sealed fields, each of a person of its own."""
    at, batch = int(time.time() * 1000), uuid4()
    ids = [derive_id(at, uuid4().bytes) for _ in range(count)]
    return [
        Fact(
            i,
            ContactImported(
                contact_id=i,
                import_id=batch,
                row=n,
                email=f"person.{n}@example.com",
                first_name=f"Person {n}",
            ),
        )
        for n, i in enumerate(ids)
    ]
