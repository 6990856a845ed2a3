"""The answer to every write."""

from uuid import UUID

import msgspec

from schemas.http.fields import Position


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The request is in the log: which object it is about, and at which position."""

    id: UUID
    position: Position


class AcceptedTemplate(Accepted, frozen=True, kw_only=True):
    """The same, with what the author should know: what was removed, which tags are open."""

    warnings: list[str]


class RevisedTemplate(AcceptedTemplate, frozen=True, kw_only=True):
    """The same, and the version it is now: what the next save names in `If-Match`."""

    version: int


class RevisedCampaign(Accepted, frozen=True, kw_only=True):
    """The same, and the version that the plan is now: what the next change names in `If-Match`."""

    version: int
