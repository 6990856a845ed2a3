"""Workspaces as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.tenancy.roles import Role
from schemas.http.fields import Line, Request

PostalAddress = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=500, description="Stands in every mail, as laws ask."),
]
TimeZone = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="An IANA name: Europe/Berlin.")
]
EmailAddress = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, and from which postal address; both are empty until they are chosen."""

    workspace_id: UUID
    name: str
    brand_name: str
    sender_name: str
    sender_address: str
    postal_address: str
    time_zone: str
    created_at: datetime


class NewWorkspace(Request, frozen=True, kw_only=True):
    """What its people call it; you will own it."""

    name: Line


class WorkspaceName(Request, frozen=True, kw_only=True):
    """What its people call it."""

    name: Line


class Brand(Request, frozen=True, kw_only=True):
    """What recipients know the company as."""

    brand_name: Line


class Sender(Request, frozen=True, kw_only=True):
    """As whom the workspace sends."""

    sender_name: Line
    sender_address: EmailAddress


class PostalPlace(Request, frozen=True, kw_only=True):
    """Where the company can be reached by post."""

    postal_address: PostalAddress


class Clock(Request, frozen=True, kw_only=True):
    """By which clock its people think."""

    time_zone: TimeZone


class OwnWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace that you belong to."""

    workspace_id: UUID
    name: Annotated[str, msgspec.Meta(description="Empty for a moment after the founding.")]
    role: Role
    joined_at: datetime


class OwnWorkspaces(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the oldest membership first."""

    items: list[OwnWorkspace]
