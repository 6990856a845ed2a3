"""What does the installation hold of me (GDPR, articles 15 and 20)?"""

from typing import LiteralString

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from infra.postgres.accounts import PostgresAccounts
from read_api.edge.permission_guard import AnyRequest
from read_api.edge.request_marks import person_of
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.identity import MEMBERSHIPS
from schemas.http.account_data import Account, AccountData, AccountFact, PastSession
from schemas.http.identity import Membership

MOST = 10_000
ACCOUNT: LiteralString = """
SELECT user_id, verified, disabled, registered_at FROM accounts
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
"""
SESSIONS: LiteralString = """
SELECT session_id, began_at, used_at, ends_at, ended, second_factor, ip, client FROM sessions
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
 ORDER BY began_at DESC LIMIT %(most)s
"""
# What the log says of the account: the kinds of facts; their personal field is the address.
FACTS: LiteralString = """
SELECT e.position, e.recorded_at, e.tag AS type, c.command, c.ip
  FROM events e JOIN commits c ON c.workspace_id = e.workspace_id AND c.command_id = e.command_id
 WHERE e.workspace_id = %(workspace_id)s AND e.kind = 'd' AND e.stream_id = %(user_id)s
 ORDER BY e.version DESC LIMIT %(most)s
"""


@get(
    "/v1/me/data",
    sync_to_thread=True,
    opt={"account": True},
    summary="Everything that is held of one's own account",
    tags=["accounts"],
)
def get_my_data(
    request: AnyRequest,
    account_reads: NamedDependency[SkipValidation[TenantReads]],
    accounts: NamedDependency[SkipValidation[PostgresAccounts]],
) -> AccountData:
    """Return the account, all its sessions, its memberships, and what the log says of it."""
    user_id = person_of(request).user_id
    values = {"user_id": user_id, "most": MOST}
    found = accounts.by_id(user_id)
    return AccountData(
        email=found.email if found else "",
        account=account_reads.one(Account, ACCOUNT, values),
        memberships=account_reads.rows(Membership, MEMBERSHIPS, values),
        sessions=account_reads.rows(PastSession, SESSIONS, values),
        log=account_reads.rows(AccountFact, FACTS, values),
    )
