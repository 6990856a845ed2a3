"""What the installation holds of an account, as its owner gets it."""

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.http.identity import Membership


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account itself; the password stands nowhere but as an Argon2id hash."""

    user_id: UUID
    verified: bool
    disabled: bool
    registered_at: datetime


class PastSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session, ended or not; `ip` is truncated."""

    session_id: UUID
    began_at: datetime
    used_at: datetime
    ends_at: datetime
    ended: bool
    second_factor: bool
    ip: str | None
    client: str


class AccountFact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the account; `ip` is truncated."""

    position: int
    recorded_at: datetime
    type: str
    command: str
    ip: str | None


class AccountData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, newest first, at most 10,000 of each."""

    email: str
    account: Account
    memberships: list[Membership]
    sessions: list[PastSession]
    log: list[AccountFact]
