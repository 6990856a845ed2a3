"""Messages that were given up, with the conversation that led to it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from infra.postgres.sql_effect import SqlEffect

_ADD = """
INSERT INTO dead_letters (workspace_id, message_id, campaign_id, contact_id, attempt, code, status,
                          reason, transcript)
SELECT %(workspace_id)s, m, ca, co, a, c, s, r, t
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


def add_dead_letters(workspace_id: UUID, letters: Sequence[DeadLetter]) -> SqlEffect:
    """Return the effect of EmailFailed."""
    columns: dict[str, object] = {
        name: [getattr(letter, name) for letter in letters] for name in DeadLetter.__struct_fields__
    }
    return SqlEffect(_ADD, columns | {"workspace_id": workspace_id})
