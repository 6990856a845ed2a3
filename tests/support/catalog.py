"""What is wrong with the isolation of workspaces, asked of PostgreSQL's own catalog."""

from psycopg import Connection
from psycopg.rows import TupleRow

APP_ROLE = "engine_app"
LEADING_KEY_EXCEPTIONS = frozenset(
    {"api_tokens_sha256", "api_tokens_previous_sha256", "invitations_token_sha256",
     "viewings_token_sha256"}
)  # fmt: skip
"""Of 256 random bits, asked for before the workspace is known; see 0003."""
NO_TENANTS = frozenset(
    {"relay_cursor", "projections", "policy_cursors", "sealer_cursor", "heartbeats", "relay_rates",
     "dispatchers", "schema_migrations", "projection_rebuilds", "archived_ranges",
     "rate_buckets", "log_verifier_cursor", "destination_domains", "relay_slots",
     "kill_switch_epoch", "switch_acknowledgements"}
)  # fmt: skip
"""Tables of the installation, without a tenant's data."""

TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
       EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' ORDER BY c.relname
"""
KEYS = """
SELECT i.indexrelid::regclass::text, i.indisprimary,
       (SELECT attname FROM pg_attribute a
         WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0])
  FROM pg_index i WHERE i.indrelid = %s AND i.indisunique
"""
GRANTS = """
SELECT privilege_type FROM information_schema.role_table_grants
 WHERE grantee IN (%s, 'PUBLIC') AND table_schema = 'public' AND table_name = %s
"""
POLICIES = "SELECT polname FROM pg_policy WHERE polrelid = %s"
OWNED = """
SELECT 'table ' || c.relname FROM pg_class c WHERE c.relowner = %(app)s::regrole
 UNION ALL SELECT 'function ' || p.proname FROM pg_proc p WHERE p.proowner = %(app)s::regrole
 UNION ALL SELECT 'schema ' || n.nspname FROM pg_namespace n WHERE n.nspowner = %(app)s::regrole
 UNION ALL SELECT 'database ' || d.datname FROM pg_database d WHERE d.datdba = %(app)s::regrole
"""
POWERS = """
SELECT rolname FROM pg_roles
 WHERE rolname LIKE 'engine\\_%' AND (rolbypassrls OR rolsuper OR rolcreaterole OR rolcreatedb)
"""


def faults(admin: Connection[TupleRow]) -> set[str]:
    """Return every hole as a sentence."""
    found = set()
    for oid, name, enabled, forced, is_partition, is_tenants in admin.execute(TABLES):
        if not is_tenants:
            if name not in NO_TENANTS:
                found.add(f"{name} has no workspace_id and is not on the list of tables without")
            continue
        if not (enabled and forced):
            found.add(f"{name} does not force row-level security")
        grants = [row[0] for row in admin.execute(GRANTS, (APP_ROLE, name))]
        if is_partition:  # its keys are the log's own affair: the one order spans workspaces
            if grants:
                found.add(f"the partition {name} is granted to {APP_ROLE}")
            continue
        if grants and not admin.execute(POLICIES, (oid,)).fetchall():
            found.add(f"{name} is granted but has no policy")
        found |= _key_faults(admin, oid, name)
    found |= {f"{APP_ROLE} owns {row[0]}" for row in admin.execute(OWNED, {"app": APP_ROLE})}
    return found | {f"{row[0]} has powers it must not have" for row in admin.execute(POWERS)}


def _key_faults(admin: Connection[TupleRow], oid: int, name: str) -> set[str]:
    keys = admin.execute(KEYS, (oid,)).fetchall()
    wrong = {
        f"{index} does not start with workspace_id"
        for index, _, first in keys
        if first != "workspace_id" and index not in LEADING_KEY_EXCEPTIONS
    }
    if name != "events" and not any(primary for _, primary, _ in keys):
        wrong.add(f"{name} has no primary key")  # the log's keys stand on its partitions
    return wrong
