"""Who belongs to the workspace, who is invited, and what does a person belong to?"""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.invitations import PostgresInvitations
from infra.postgres.members import Memberships
from read_api.edge.paging import Page
from read_api.edge.request_marks import Person
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.rows import FIRST_ID
from schemas.http.members import Invitation, Invitations, Member, MemberPage
from schemas.http.tenancy import OwnWorkspace, OwnWorkspaces

LIST = """
SELECT user_id, role, joined_at FROM members
 WHERE workspace_id = %(workspace_id)s AND user_id > %(id)s ORDER BY user_id LIMIT %(fetch)s
"""


@get(
    "/v1/workspaces",
    sync_to_thread=True,
    opt={"account": True},
    summary="Your workspaces",
    tags=["workspace"],
)
def get_workspaces(
    person: NamedDependency[SkipValidation[Person]],
    memberships: NamedDependency[SkipValidation[Memberships]],
) -> OwnWorkspaces:
    """List what you belong to, the oldest membership first."""
    found = memberships.named(person.user_id)
    return OwnWorkspaces(items=[OwnWorkspace(**msgspec.structs.asdict(one)) for one in found])


@get(
    "/v1/workspace/members",
    sync_to_thread=True,
    opt={"permission": "members:read"},
    summary="List members",
    tags=["members"],
)
def get_members(
    reads: NamedDependency[SkipValidation[TenantReads]],
    page: NamedDependency[SkipValidation[Page]],
) -> MemberPage:
    """List the people of the workspace and what each is."""
    (after,) = page.start([FIRST_ID])
    found = reads.rows(Member, LIST, {"id": after, "fetch": page.fetch})
    items, following = page.finish(found, "user_id")
    return MemberPage(items=items, next=following)


@get(
    "/v1/workspace/invitations",
    sync_to_thread=True,
    opt={"permission": "members:read"},
    summary="List open invitations",
    tags=["members"],
)
def get_invitations(
    reads: NamedDependency[SkipValidation[TenantReads]],
    invitations: NamedDependency[SkipValidation[PostgresInvitations]],
) -> Invitations:
    """List those that wait, at most a hundred."""
    found = invitations.waiting_ones(reads.workspace_id)
    return Invitations(items=[Invitation(**msgspec.structs.asdict(one)) for one in found])
