"""Say why an event could not be folded, without what it says of a person."""

import psycopg

DATA_EXCEPTION = "22"  # the class of SQLSTATEs whose messages quote the offending value
LONGEST = 1_000


def reason_of(error: BaseException) -> str:
    """Name the error on one line, for logs and the table of parked events.

    Of PostgreSQL's errors only the first line is kept, and not even that of data exceptions:
    DETAIL quotes whole rows, CONTEXT the JSON that was read, and both may be personal.
    """
    name = type(error).__name__
    if error.args and isinstance(error.args[0], psycopg.Error):  # wrapped by a library
        return f"{name}: {reason_of(error.args[0])}"[:LONGEST]
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        quotes = error.sqlstate.startswith(DATA_EXCEPTION)
        said = "" if quotes else f": {error.diag.message_primary}"
        return f"{name} (SQLSTATE {error.sqlstate}){said}"[:LONGEST]
    return f"{name}: {error}".replace("\x00", "\\0")[:LONGEST]
