"""Write routes of workspaces: found one, and say how it presents itself."""

from uuid import UUID

from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.ports import SignedIn
from commands.ports import EventLog
from commands.tenancy.choose_postal_address import ChoosePostalAddress, choose_postal_address
from commands.tenancy.choose_sender import ChooseSender, choose_sender
from commands.tenancy.choose_time_zone import ChooseTimeZone, choose_time_zone
from commands.tenancy.found_workspace import FoundWorkspace, found_workspace
from commands.tenancy.name_brand import NameBrand, name_brand
from commands.tenancy.ports import Members
from commands.tenancy.rename_workspace import RenameWorkspace, rename_workspace
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.tenancy import Brand, Clock, NewWorkspace, PostalPlace, Sender, WorkspaceName


@post(
    "/v1/workspaces",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Found a workspace",
    tags=["workspace"],
)
def post_workspace(
    data: JSONBody[NewWorkspace],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    members: NamedDependency[SkipValidation[Members]],
) -> Accepted:
    """You are its owner; get a token for it to act in it."""
    command = FoundWorkspace(workspace_id=new_id, name=data.name, founder=person.user_id)
    position = found_workspace(command, account_context, log, members)
    return Accepted(id=new_id, position=position)


@put(
    "/v1/workspace/sender",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Choose the sender",
    tags=["workspace"],
)
def put_sender(
    data: JSONBody[Sender],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
) -> Accepted:
    """Send as somebody else from now on; campaigns that are scheduled keep theirs."""
    command = ChooseSender(sender_name=data.sender_name, sender_address=data.sender_address)
    position = choose_sender(command, context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@put(
    "/v1/workspace/name",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Rename the workspace",
    tags=["workspace"],
)
def put_workspace_name(
    data: JSONBody[WorkspaceName],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Change what its people call it; what is sent does not change."""
    command = RenameWorkspace(name=data.name)
    return Accepted(id=context.workspace_id, position=rename_workspace(command, context, log))


@put(
    "/v1/workspace/brand",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Name the brand",
    tags=["workspace"],
)
def put_brand(
    data: JSONBody[Brand],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Say what recipients know the company as."""
    command = NameBrand(brand_name=data.brand_name)
    return Accepted(id=context.workspace_id, position=name_brand(command, context, log))


@put(
    "/v1/workspace/postal-address",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Choose the postal address",
    tags=["workspace"],
)
def put_postal_address(
    data: JSONBody[PostalPlace],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Print it in every mail from now on; campaigns that are scheduled keep theirs."""
    command = ChoosePostalAddress(postal_address=data.postal_address)
    return Accepted(id=context.workspace_id, position=choose_postal_address(command, context, log))


@put(
    "/v1/workspace/time-zone",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Choose the time zone",
    tags=["workspace"],
)
def put_time_zone(
    data: JSONBody[Clock],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Say by which clock times are meant that name no zone."""
    command = ChooseTimeZone(time_zone=data.time_zone)
    return Accepted(id=context.workspace_id, position=choose_time_zone(command, context, log))
