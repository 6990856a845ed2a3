"""The audit log as the API shows it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.http.checkpoints import Checkpoint
from schemas.http.fields import NextCursor, Request


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fact that one command recorded of one object, and how many of them."""

    position: Annotated[int, msgspec.Meta(description="Of the first of these facts.")]
    last_position: int
    recorded_at: datetime
    actor: Annotated[
        str,
        msgspec.Meta(description="user:<id>, token:<id>, cli, worker:<name>, contact:<id>"),
    ]
    command: Annotated[
        str,
        msgspec.Meta(
            description="What was asked: an operationId of this API, a verb of the command line, "
            "a worker or a policy; empty for what older releases recorded."
        ),
    ]
    tag: str
    events: int
    object_type: str
    object_id: UUID
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    ip: Annotated[str | None, msgspec.Meta(description="Truncated to /24 (IPv4) or /48 (IPv6).")]


class NamedLine(AuditLine, frozen=True, kw_only=True):
    """The same, with the name that the actor has now."""

    actor_name: Annotated[
        str | None,
        msgspec.Meta(description="As of now; `erased` once the person is; null without a name."),
    ]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit log, newest first."""

    items: list[NamedLine]
    next: NextCursor


Value = Annotated[
    object, msgspec.Meta(description="Any JSON value; long texts are cut. Null: there was none.")
]


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says of one field, and what the events of its stream said before."""

    field: str
    before: Value
    after: Value
    personal: Annotated[
        Literal["sealed", "opened", "erased"] | None,
        msgspec.Meta(
            description="Null for what is not personal. Opened for who has personal:open, until "
            "the person is erased."
        ),
    ]


class AuditedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a line, and what it changed."""

    position: int
    tag: str
    before_tag: Annotated[
        str | None, msgspec.Meta(description="The event before it in its stream, if it has one.")
    ]
    changes: list[FieldChange]


class AuditDetail(NamedLine, frozen=True, kw_only=True):
    """A line with its first events."""

    shown: Annotated[
        list[AuditedEvent],
        msgspec.Meta(description="At most 20 of `events`; none of those in archived months."),
    ]


class ChainFault(msgspec.Struct, frozen=True, kw_only=True):
    """The first position that is not what was sealed."""

    position: int
    seal: int | None
    what: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What the last verification of the workspace's log found."""

    state: Annotated[
        Literal["verified", "broken", "pending"],
        msgspec.Meta(
            description="verified: every event up to verified_upto is what was sealed; broken: "
            "fault says where not; pending: nothing was verified yet."
        ),
    ]
    verified_upto: Annotated[int, msgspec.Meta(description="A position; 0: nothing yet.")]
    verified_at: datetime | None
    whole_verified_upto: Annotated[
        int, msgspec.Meta(description="Up to here all was read again from the first event.")
    ]
    whole_verified_at: datetime | None
    sealed_upto: Annotated[int, msgspec.Meta(description="A position; what is later is not yet.")]
    key_id: Annotated[
        str | None, msgspec.Meta(description="Whose signature the head has, 8 bytes in hex.")
    ]
    head: Annotated[Checkpoint | None, msgspec.Meta(description="The seal that ends the proof.")]
    fault: ChainFault | None


Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Place = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ExportBody(Request, frozen=True, kw_only=True):
    """Which events to export: all conditions hold together."""

    since: Annotated[Instant | None, msgspec.Meta(description="Included.")] = None
    until: Annotated[Instant | None, msgspec.Meta(description="Not included.")] = None
    after: Annotated[Place, msgspec.Meta(description="A position; not included.")] = 0
    upto: Annotated[Place | None, msgspec.Meta(description="A position; included.")] = None
    actor: Word | None = None
    stream_id: UUID | None = None
    type: Annotated[
        Word | None, msgspec.Meta(description="A tag, or its leading parts: `campaigns`.")
    ] = None
    open_personal: Annotated[
        bool, msgspec.Meta(description="Open personal fields; needs the permission personal:open.")
    ] = False


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export, and how far it is: `counted` of `total` positions are read."""

    export_id: UUID
    state: Annotated[
        str, msgspec.Meta(description="running, completed, failed, expired or deleted")
    ]
    filter: dict[str, str | int | None]
    open_personal: bool
    requested_by: str
    requested_at: datetime
    counted: int
    total: Annotated[int | None, msgspec.Meta(description="Null until the work has begun.")]
    events: int
    size_bytes: int | None
    sha256: Annotated[str | None, msgspec.Meta(description="Of manifest.json.")]
    error: Annotated[str | None, msgspec.Meta(description="Why it failed, or waits.")]
    completed_at: datetime | None
    expires_at: datetime | None


class ExportDetail(Export, frozen=True, kw_only=True):
    """The same, with a link that needs no token and is good for an hour."""

    download_url: str | None
    download_expires_at: datetime | None


class ExportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of exports, newest first."""

    items: list[Export]
    next: NextCursor
