"""Sending domains as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor, Request


class NewSendingDomain(Request, frozen=True, kw_only=True):
    """The domain of the sender's address."""

    domain: Annotated[str, msgspec.Meta(min_length=3, max_length=253)]


class DnsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish, what was found, and what to do."""

    record: Annotated[str, msgspec.Meta(description="dkim_rsa, dkim_ed25519, spf, dmarc, ...")]
    name: str
    type: str
    expected: str
    required: Annotated[bool, msgspec.Meta(description="False: advised; mail goes out without.")]
    state: Annotated[
        str, msgspec.Meta(description="unchecked, ok, missing, wrong or unreachable (no answer).")
    ]
    found: list[str]
    advice: str


class SendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain and its records as they were found last."""

    domain_id: UUID
    domain: str
    state: Annotated[str, msgspec.Meta(description="pending, verified or broken.")]
    resting: Annotated[bool, msgspec.Meta(description="Nobody looks until a check is asked for.")]
    added_at: datetime
    verified_at: datetime | None
    broken_at: datetime | None
    checked_at: datetime | None
    next_check_at: datetime | None
    records: list[DnsRecord]


class SendingDomainPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of domains."""

    items: list[SendingDomain]
    next: NextCursor
