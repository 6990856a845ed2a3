"""Ways around row-level security that have been walked elsewhere, asked of PostgreSQL's catalog.

Each query returns sentences; no sentence, no door. See docs/isolation.md.
"""

from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

DEFINERS = {
    "authenticate_session": "by session and person of a signed token; answers of them alone",
    "authenticate_viewing": "by the digest of 256 random bits",
    "find_invitation": "by the digest of 256 random bits",
    "is_operator": "answers yes or no, of a person who signed in",
    "next_switch_epoch": "of no tenant; raises the number of the latest turn of any switch",
    "stopped_scopes": "for operators; ids alone",
    "switch_confirmations": "of no tenant; how many dispatchers there are",
    "memberships_of": "of the person who signed in",
    "sole_ownerships_of": "of the person who signed in",
    "workspace_ids": "for operators; ids alone",
    "authenticate_token": "by the digest of 256 random bits",
    "ensure_fact_partitions": "makes partitions; takes a number",
    "forget_full_buckets": "of no tenant",
    "forget_leftovers": "deletes what is too old, of everybody; answers a number",
    "take_tokens": "of no tenant",
}
"""Functions that run with their owner's rights, and why each may."""
SEQUENCES = {"log_position"}
"""The one order of the log: everybody sees how fast the installation as a whole grows."""

DOORS: dict[str, LiteralString] = {
    "foreign keys that cross workspaces": """
        SELECT format('foreign key %%s of %%s does not hold workspace_id', k.conname, c.relname)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid IN (k.conrelid, k.confrelid)
                          AND a.attname = 'workspace_id')
           AND NOT EXISTS (
               SELECT FROM unnest(k.conkey, k.confkey) AS pair (here, there)
                 JOIN pg_attribute h ON h.attrelid = k.conrelid AND h.attnum = pair.here
                 JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = pair.there
                WHERE h.attname = 'workspace_id' AND t.attname = 'workspace_id')
    """,
    "views with their owner's eyes": """
        SELECT format('view %%s does not read as who asks (security_invoker)', relname)
          FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
           AND NOT (relkind = 'v' AND coalesce(reloptions, '{}') && ARRAY['security_invoker=true',
                                                                         'security_invoker=on'])
    """,
    "policies for everybody": """
        SELECT format('policy %%s of %%s lets %%s see any workspace', policyname, tablename, roles)
          FROM pg_policies
         WHERE schemaname = 'public' AND permissive = 'PERMISSIVE'
           AND roles && ARRAY['engine_app', 'public']::name[]
           AND (coalesce(qual, 'current_workspace()') NOT LIKE '%%current_workspace()%%'
                OR coalesce(with_check, 'current_workspace()') NOT LIKE '%%current_workspace()%%')
    """,
    "functions with their owner's rights": """
        SELECT format('function %%s runs as its owner with a search_path of who calls', proname)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
           AND NOT coalesce(proconfig, '{}') && ARRAY['search_path=public, pg_temp']
         UNION ALL
        SELECT format('function %%s runs as its owner, for everybody', proname)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
           AND has_function_privilege('public', oid, 'EXECUTE')
         UNION ALL
        SELECT format('function %%s runs as its owner and is not on the list', proname)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
           AND proname <> ALL (%(definers)s)
    """,
    "sequences that count": """
        SELECT format('sequence %%s can be read', seqrelid::regclass) FROM pg_sequence
         WHERE seqrelid::regclass::text <> ALL (%(sequences)s)
           AND has_sequence_privilege('engine_app', seqrelid, 'SELECT, USAGE')
    """,
    "messages to whoever listens": """
        SELECT format('function %%s notifies', proname) FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND prosrc ~* '\\mnotify\\M|pg_notify'
    """,
    "statistics of everybody": """
        SELECT format('engine_app may %%s', r.rolname) FROM pg_roles r
         WHERE r.rolname IN ('pg_read_all_data', 'pg_read_all_stats', 'pg_monitor',
                             'pg_signal_backend', 'pg_read_server_files',
                             'pg_execute_server_program')
           AND pg_has_role('engine_app', r.oid, 'MEMBER')
         UNION ALL
        SELECT format('engine_app may become %%s', r.rolname) FROM pg_roles r
         WHERE r.rolname LIKE 'engine\\_%%' AND r.rolname <> 'engine_app'
           AND pg_has_role('engine_app', r.oid, 'MEMBER')
    """,
}


def open_doors(admin: Connection[TupleRow]) -> set[str]:
    """Return every open side door as a sentence."""
    lists = {"definers": list(DEFINERS), "sequences": list(SEQUENCES)}
    return {row[0] for query in DOORS.values() for row in admin.execute(query, lists)}
