"""Messages that were given up, with the conversation that led to it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg import Cursor

from infra.postgres.erasures import erased_contacts, keep_out_erased

_ADD = """
INSERT INTO dead_letters (workspace_id, message_id, campaign_id, contact_id, attempt, code, status,
                          reason, transcript)
SELECT %(workspace_id)s, m, ca, co, a, c, s, r, CASE WHEN co = ANY(%(erased)s) THEN '' ELSE t END
  FROM unnest(%(message_id)s::uuid[], %(campaign_id)s::uuid[], %(contact_id)s::uuid[],
              %(attempt)s::int[], %(code)s::int[], %(status)s::text[], %(reason)s::text[],
              %(transcript)s::text[]) AS u(m, ca, co, a, c, s, r, t)
ON CONFLICT DO NOTHING
"""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `transcript` has no address in it."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    code: int
    status: str
    reason: str
    transcript: str


class DeadLetters(msgspec.Struct, frozen=True):
    """The effect of EmailFailed; of an erased person no transcript is kept."""

    workspace_id: UUID
    letters: Sequence[DeadLetter]

    def apply(self, cursor: object) -> None:
        """Run in the transaction of the append."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        columns: dict[str, object] = {
            name: [getattr(letter, name) for letter in self.letters]
            for name in DeadLetter.__struct_fields__
        }
        keep_out_erased(cursor, self.workspace_id)
        people = [letter.contact_id for letter in self.letters]
        erased = erased_contacts(cursor, self.workspace_id, people)
        cursor.execute(_ADD, columns | {"workspace_id": self.workspace_id, "erased": list(erased)})
