"""Which mailbox provider runs a domain: the table that queued messages are looked up in."""

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.delivery.destination import MAILBOX_DOMAINS

_KEEP = """
INSERT INTO destination_domains (domain, destination)
SELECT * FROM unnest(%s::text[], %s::text[])
ON CONFLICT (domain) DO UPDATE
   SET destination = excluded.destination, looked_up = NULL, expires_at = NULL
 WHERE destination_domains.destination <> excluded.destination
"""


def keep_known_destinations(connection: Connection[TupleRow]) -> None:
    """Write the domains that this release knows; what was looked up of others stays."""
    connection.execute(_KEEP, (list(MAILBOX_DOMAINS), list(MAILBOX_DOMAINS.values())))
