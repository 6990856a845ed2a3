"""Relays as the API takes and shows them; credentials go in and never come out."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import Line, NextCursor, Request

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
PerConnection = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Rate = Annotated[
    float, msgspec.Meta(ge=0, le=100_000, description="Messages a second; 0 is no limit.")
]
Weight = Annotated[
    int, msgspec.Meta(ge=1, le=1000, description="Its share beside the other relays.")
]


class Tls(StrEnum):
    """How the connection is encrypted; a password goes only with the first two."""

    REQUIRE = "require"
    IMPLICIT = "implicit"
    MAY = "may"


class RelayCredentials(Request, frozen=True, kw_only=True):
    """What the relay knows us by."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]

    def __repr__(self) -> str:
        """Say nothing."""
        return "RelayCredentials(...)"


class RelayTuning(Request, frozen=True, kw_only=True):
    """How a relay is used; all of it may change while mail goes through it."""

    label: Line
    rate_per_s: Rate = 0
    connections: Count = 8
    messages_per_connection: PerConnection = 1000
    weight: Weight = 1


class NewRelay(RelayTuning, frozen=True, kw_only=True):
    """A server of one's own, with public addresses; its host stays as it is."""

    host: Annotated[
        str, msgspec.Meta(min_length=1, max_length=253, pattern="^[A-Za-z0-9.:-]+$(?!\\n)")
    ]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    tls: Tls = Tls.REQUIRE
    credentials: RelayCredentials | None = None


class RelayCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the last check met: connecting, encrypting and logging in, without sending."""

    waiting: Annotated[bool, msgspec.Meta(description="One was asked for and is not made yet.")]
    checked_at: datetime | None
    ok: bool | None
    failed_step: Annotated[str, msgspec.Meta(description="connect, greet, encrypt or log in.")]
    reason: str
    codes: Annotated[str, msgspec.Meta(description="Those of the server's reply, if it gave one.")]
    advice: str


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """A server that the workspace's mail goes through, and how it is."""

    relay_id: UUID
    label: str
    host: str
    port: int
    tls: str
    has_credentials: bool
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    paused: bool
    breaker: Annotated[str, msgspec.Meta(description="closed (mail goes), open or probing.")]
    since: datetime
    evidence: Annotated[str, msgspec.Meta(description="What opened the breaker last.")]
    advice: str
    next_probe_at: datetime | None
    check: RelayCheck


class RelayPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the workspace's own relays."""

    items: list[Relay]
    mail_goes_through: Annotated[
        str,
        msgspec.Meta(
            description="own: one of these; shared: the installation's relays; settings: the one "
            "in the installation's settings."
        ),
    ]
    next: NextCursor
