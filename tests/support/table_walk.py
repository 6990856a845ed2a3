"""Every table that the HTTP process may touch, as another workspace and as nobody (TN-15)."""

from uuid import UUID, uuid4

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege, UniqueViolation
from psycopg.rows import TupleRow

APP = "engine_app"
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull AND NOT a.atthasdef
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition AND NOT a.attisdropped AND EXISTS (
       SELECT FROM pg_attribute w WHERE w.attrelid = c.oid AND w.attname = 'workspace_id')
 ORDER BY c.relname, a.attnum
"""
VALUES: dict[str, object] = {
    "uuid": UUID(int=7), "text": "x", "bytea": b"x", "jsonb": "{}", "boolean": False,
    "timestamp with time zone": "2026-01-01Z", "date": "2026-01-01", '"char"': "d",
    "integer": 1, "bigint": 1, "smallint": 1, "real": 1, "double precision": 1, "numeric": 1,
    "uuid[]": [], "text[]": [], "interval": "1s", "inet": "192.0.2.1", "cidr": "192.0.2.0/24",
}  # fmt: skip
"""A value of each type, for columns that must have one."""

Row = dict[str, object]


def trespasses(admin: Connection[TupleRow]) -> set[str]:
    """Put a row of workspace A into each table; say what B, or nobody, can do with it.

    Everything happens in the open transaction, which the caller rolls back.
    """
    a, found = uuid4(), set[str]()
    admin.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
    for table, row in _rows(admin, a).items():
        _insert(admin, table, row)
        for who, workspace_id in (("another workspace", str(uuid4())), ("nobody", "")):
            found |= {
                f"{who} can {deed} {table}"
                for deed, statement, values in _deeds(table, row, a)
                if _succeeds(admin, workspace_id, statement, values)
            }
    return found


def tables_with_a_row(admin: Connection[TupleRow]) -> set[str]:
    """Return the tables of the walk, whose rows could be made."""
    return set(_rows(admin, uuid4()))


def _rows(admin: Connection[TupleRow], workspace_id: UUID) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for table, column, kind, is_needed in admin.execute(COLUMNS).fetchall():
        row = rows.setdefault(table, {})
        if column == "workspace_id":
            row[column] = workspace_id
        elif is_needed:
            row[column] = VALUES[kind]
    return rows


def _insert(admin: Connection[TupleRow], table: str, row: Row) -> None:
    admin.execute(*_insertion(table, row))


def _insertion(table: str, row: Row) -> tuple[sql.Composed, list[object]]:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() for _ in row),
    )
    return statement, list(row.values())


def _deeds(table: str, row: Row, a: UUID) -> list[tuple[str, sql.Composed, list[object]]]:
    name = sql.Identifier(table)
    insertion, values = _insertion(table, row)
    return [
        ("see", sql.SQL("SELECT 1 FROM {} WHERE workspace_id = %s").format(name), [a]),
        (
            "change",
            sql.SQL("UPDATE {} SET workspace_id = workspace_id WHERE workspace_id = %s").format(
                name
            ),
            [a],
        ),
        ("delete from", sql.SQL("DELETE FROM {} WHERE workspace_id = %s").format(name), [a]),
        ("write a row of others into", insertion, values),
    ]


def _succeeds(
    admin: Connection[TupleRow], workspace_id: str, statement: sql.Composed, values: list[object]
) -> bool:
    """Do it as the application's role; undo it. Refused, or no row: it did not succeed."""
    admin.execute("SAVEPOINT deed")
    try:
        admin.execute("SELECT set_config('app.workspace', %s, true)", (workspace_id,))
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP)))
        return admin.execute(statement, values).rowcount > 0
    except InsufficientPrivilege:
        return False
    except UniqueViolation:  # comes after the policy's check: the row would have been written
        return True
    finally:
        admin.execute("ROLLBACK TO SAVEPOINT deed")
