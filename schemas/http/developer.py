"""API keys as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.accepted import Accepted
from schemas.http.fields import Line, NextCursor, Request

Scope = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Network = Annotated[
    str, msgspec.Meta(min_length=1, max_length=50, description="203.0.113.0/24, 2001:db8::/32")
]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
DAY_S = 86_400


class NewApiKey(Request, frozen=True, kw_only=True):
    """What the key is to be good for; `scopes` are permissions that you have yourself."""

    name: Line
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=50)]
    test: Annotated[
        bool, msgspec.Meta(description="Whatever it sends reaches only the sandbox.")
    ] = False
    expires_at: Annotated[Instant | None, msgspec.Meta(description="None: until revoked.")] = None
    networks: Annotated[
        list[Network], msgspec.Meta(max_length=20, description="Empty: from everywhere.")
    ] = []


class Rotation(Request, frozen=True, kw_only=True):
    """How long the old secret lives beside the new one."""

    old_ends_in_s: Annotated[int, msgspec.Meta(ge=0, le=30 * DAY_S)] = DAY_S


class ShownApiKey(Accepted, frozen=True, kw_only=True):
    """The key and its secret, which nobody can show again."""

    secret: str


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret; `prefix` is how that begins."""

    key_id: UUID
    name: str
    prefix: str
    scopes: Annotated[
        list[str] | None, msgspec.Meta(description="Null: what a token of the command line may.")
    ]
    test: bool
    networks: list[str]
    issued_by: str
    issued_at: datetime
    expires_at: datetime | None
    last_used_at: Annotated[datetime | None, msgspec.Meta(description="To the minute.")]
    old_secret_ends_at: Annotated[
        datetime | None, msgspec.Meta(description="Until when the secret before the last is good.")
    ]
    revoked: bool


class ApiKeyPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of keys, newest first."""

    items: list[ApiKey]
    next: NextCursor
