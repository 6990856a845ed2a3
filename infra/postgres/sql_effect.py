"""An effect that is one statement: the usual way working state changes with an append."""

from typing import LiteralString

import msgspec
from psycopg import Cursor


class SqlEffect(msgspec.Struct, frozen=True):
    """A statement and its parameters, run in the transaction of the append.

    With `must_change` the statement has to return the number of rows it changed, and anything but
    that number undoes the whole append by StaleStateError.
    """

    statement: LiteralString
    params: dict[str, object]
    must_change: int | None = None

    def apply(self, cursor: object) -> None:
        """See `commands.ports.Effect.apply`."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        cursor.execute(self.statement, self.params)
        if self.must_change is None:
            return
        row = cursor.fetchone()
        changed = row[0] if row else 0
        if changed != self.must_change:
            raise StaleStateError(f"{changed} rows instead of {self.must_change} were as expected")


class StaleStateError(Exception):
    """Somebody else changed the working state that this append was based on."""
