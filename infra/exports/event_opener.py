"""Open the personal fields of exported events, and tell whose they are."""

import functools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain.shared.model import Event
from infra.eventstore.event_types import personal_fields
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import LogRow

Opened = dict[int, dict[str, Any]]
"""Position -> the fields that could be opened."""


def open_rows(
    mapper: Mapper, workspace_id: UUID, rows: Sequence[LogRow]
) -> tuple[Opened, set[UUID]]:
    """Return the opened fields, and the people they are about; nothing of erased people.

    Keys are read anew, so that an export holds nobody who was erased before this call.
    """
    mapper.forget()
    events = [(mapper.decode(row.tag, row.data), row.data) for row in rows]
    opened: Opened = {}
    subjects = set[UUID]()
    for row, event in zip(rows, mapper.open(workspace_id, events), strict=True):
        found = {
            name: value
            for name in _personal(type(event))
            if (value := getattr(event, name)) is not None
        }
        if found:
            opened[row.position] = msgspec.to_builtins(found)
            subjects.add(getattr(event, str(event.SUBJECT)))
    return opened, subjects


@functools.cache
def _personal(event: type[Event]) -> tuple[str, ...]:
    return tuple(personal_fields(event))
