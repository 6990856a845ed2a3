"""What is the actor of an audit line called now? Names are not stored with what was done."""

from collections.abc import Callable, Iterable, Sequence
from typing import LiteralString
from uuid import UUID

import msgspec

from domain.developer.events import ApiTokenIssued
from infra.eventstore.mapper import Mapper
from read_api.edge.tenant_reads import TenantReads
from schemas.http.audit import AuditLine, NamedLine

TOKENS: LiteralString = """
SELECT tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND kind = 'd' AND version = 1
   AND stream_id = ANY(%(ids)s)
"""

ERASED = "erased"


class _Row(msgspec.Struct):
    tag: str
    data: bytes


class ActorNames:
    """Names of keys and people; of those alone who acted in the workspace that asks."""

    def __init__(
        self, mapper: Mapper, *, address_of: Callable[[UUID], str | None] | None = None
    ) -> None:
        """Without `address_of` people have no names: whoever asks may not see the members."""
        self._mapper = mapper
        self._address_of = address_of

    def named(self, reads: TenantReads, lines: Sequence[AuditLine]) -> list[NamedLine]:
        """Return the lines with the names that their actors have."""
        actors = {line.actor for line in lines}
        names = self._tokens(reads, _ids(actors, "token")) | self._people(_ids(actors, "user"))
        return [
            NamedLine(
                **{name: getattr(line, name) for name in AuditLine.__struct_fields__},
                actor_name=names.get(line.actor),
            )
            for line in lines
        ]

    def _tokens(self, reads: TenantReads, ids: Sequence[UUID]) -> dict[str, str]:
        """Return the names that keys were issued under; they stay when the key is revoked."""
        rows = reads.rows(_Row, TOKENS, {"ids": list(ids)}) if ids else []
        issued = [self._mapper.decode(row.tag, bytes(row.data)) for row in rows]
        return {
            f"token:{event.token_id}": event.name
            for event in issued
            if isinstance(event, ApiTokenIssued)
        }

    def _people(self, ids: Sequence[UUID]) -> dict[str, str]:
        """Return the addresses that people sign in with."""
        if self._address_of is None:
            return {}
        return {f"user:{user_id}": self._address_of(user_id) or ERASED for user_id in ids}


def _ids(actors: Iterable[str], kind: str) -> list[UUID]:
    """Return the ids of the actors of one kind; actors of older releases may have others."""
    found = []
    for actor in sorted(actors):
        named, _, identity = actor.partition(":")
        if named == kind:
            try:
                found.append(UUID(identity))
            except ValueError:
                continue
    return found
