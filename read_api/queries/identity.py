"""Who am I, where am I signed in, and which keys sign access tokens?"""

from typing import LiteralString

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.crypto.access_tokens import Ed25519AccessTokens
from infra.postgres.accounts import PostgresAccounts
from read_api.edge.permission_guard import AnyRequest
from read_api.edge.request_marks import caller_of, person_of
from read_api.edge.tenant_reads import TenantReads
from schemas.http.identity import KeySet, Me, Membership, RunningSession, RunningSessions

SESSIONS: LiteralString = """
SELECT session_id, began_at, used_at, ends_at, second_factor, ip, client,
       session_id = %(current)s AS current
  FROM sessions
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND NOT ended AND ends_at > now()
 ORDER BY began_at DESC LIMIT 200
"""
MEMBERSHIPS: LiteralString = """
SELECT workspace_id, role FROM memberships_of(%(user_id)s) ORDER BY workspace_id
"""


@get(
    "/v1/me",
    sync_to_thread=True,
    opt={"account": True},
    summary="The account of who asks",
    tags=["accounts"],
)
def get_me(
    request: AnyRequest,
    account_reads: NamedDependency[SkipValidation[TenantReads]],
    accounts: NamedDependency[SkipValidation[PostgresAccounts]],
) -> Me:
    """Return the address, and the workspaces with the role in each."""
    person = person_of(request)
    found = accounts.by_id(person.user_id)
    return Me(
        user_id=person.user_id,
        email=found.email if found else "",
        second_factor=bool(found and found.factor_required),
        operator=person.operator,
        workspace_id=caller_of(request).workspace_id,
        memberships=account_reads.rows(Membership, MEMBERSHIPS, {"user_id": person.user_id}),
    )


@get(
    "/v1/sessions",
    sync_to_thread=True,
    opt={"account": True},
    summary="Where the account is signed in",
    tags=["sessions"],
)
def get_sessions(
    request: AnyRequest, account_reads: NamedDependency[SkipValidation[TenantReads]]
) -> RunningSessions:
    """List the sessions that have not ended, newest first, at most 200."""
    person = person_of(request)
    values = {"user_id": person.user_id, "current": person.session_id}
    return RunningSessions(items=account_reads.rows(RunningSession, SESSIONS, values))


@get(
    "/.well-known/jwks.json",
    sync_to_thread=False,
    opt={"public": True},
    summary="The keys that access tokens are signed with",
    tags=["sessions"],
)
def get_key_set(access_tokens: NamedDependency[SkipValidation[Ed25519AccessTokens]]) -> KeySet:
    """Return the public keys (RFC 7517): for services of yours that take our tokens."""
    return KeySet(**access_tokens.key_set())
