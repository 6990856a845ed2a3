"""How a workspace presents itself: each change says what it is about, and a repeat says nothing."""

from domain.shared.errors import InvalidInputError, NotFoundError
from domain.tenancy.decider import Profile, Workspace
from domain.tenancy.events import (
    BrandNamed,
    PostalAddressChosen,
    SenderChosen,
    TenancyEvent,
    TimeZoneChosen,
    WorkspaceRenamed,
)


def rename(workspace: Workspace, *, name: str) -> list[TenancyEvent]:
    """Call it by another name."""
    wanted = _required("name", name)
    return [] if _profile(workspace).name == wanted else [WorkspaceRenamed(name=wanted)]


def name_brand(workspace: Workspace, *, brand_name: str) -> list[TenancyEvent]:
    """Say what recipients know the company as."""
    wanted = _required("brand_name", brand_name)
    return [] if _profile(workspace).brand_name == wanted else [BrandNamed(brand_name=wanted)]


def choose_sender(
    workspace: Workspace, *, sender_name: str, sender_address: str
) -> list[TenancyEvent]:
    """Send as somebody else. The address is valid: the command has seen to it."""
    profile = _profile(workspace)
    name, address = _required("sender_name", sender_name), sender_address
    if (profile.sender_name, profile.sender_address) == (name, address):
        return []
    return [SenderChosen(sender_name=name, sender_address=address)]


def choose_postal_address(workspace: Workspace, *, postal_address: str) -> list[TenancyEvent]:
    """Print another postal address in every mail (CAN-SPAM Act, 15 U.S.C. 7704(a)(5))."""
    wanted = _required("postal_address", postal_address)
    if _profile(workspace).postal_address == wanted:
        return []
    return [PostalAddressChosen(postal_address=wanted)]


def choose_time_zone(workspace: Workspace, *, time_zone: str) -> list[TenancyEvent]:
    """Think by another clock. The name is known: the command has seen to it."""
    if _profile(workspace).time_zone == time_zone:
        return []
    return [TimeZoneChosen(time_zone=time_zone)]


def _profile(workspace: Workspace) -> Profile:
    if workspace.profile is None:
        raise NotFoundError("there is no such workspace")
    return workspace.profile


def _required(field: str, value: str) -> str:
    if not value.strip():
        raise InvalidInputError(f"`{field}` is empty: pass some text")
    return value.strip()
