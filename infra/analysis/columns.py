"""Columns of frames: what stands in the header of every event, and one column a field of a type."""

import types
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import polars as pl

from domain.shared.model import Event
from infra.eventstore.reader import LogRow

Cells = Callable[[Any], Any]  # a field of any type to what polars takes

HEADER = pl.Schema(
    {
        "position": pl.Int64(),
        "workspace_id": pl.String(),
        "stream_id": pl.String(),
        "version": pl.Int32(),
        "command_id": pl.String(),
        "recorded_at": pl.Datetime("us", "UTC"),
        "tag": pl.String(),
    }
)
DATA = "data"  # the event as it is stored: JSON, personal fields sealed
_PLAIN: dict[object, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    str: pl.String(),
    datetime: pl.Datetime("us", "UTC"),
}


class Field(msgspec.Struct, frozen=True):
    """One field of an event type: its column, and how a value becomes a cell."""

    name: str  # in the event
    column: str  # in the frame: `event_` stands before names that the header has
    dtype: pl.DataType
    cell: Cells | None  # None: as it is


def fields_of(event: type[Event]) -> tuple[Field, ...]:
    """Return a column for every field. Ids are text; maps, lists and structs are JSON text."""
    hints = get_type_hints(event)
    return tuple(
        Field(field.name, _column(field.name), *_kind(hints[field.name]))
        for field in msgspec.structs.fields(event)
    )


def header_column(name: str, rows: Sequence[LogRow]) -> list[Any]:
    """Return one header column of these rows, or their stored JSON."""
    values = [getattr(row, name) for row in rows]
    if name == DATA:
        return [bytes(value).decode() for value in values]
    return [str(value) for value in values] if name.endswith("_id") else values


def field_column(field: Field, events: Sequence[Event]) -> list[Any]:
    """Return one field of these events."""
    values = [getattr(event, field.name) for event in events]
    cell = field.cell
    if cell is None:
        return values
    return [None if value is None else cell(value) for value in values]


def _column(name: str) -> str:
    return f"event_{name}" if name in HEADER else name


def _kind(hint: object) -> tuple[pl.DataType, Cells | None]:
    hint = _bare(hint)
    if hint is UUID:
        return pl.String(), str
    if isinstance(hint, type) and issubclass(hint, Enum):
        return pl.String(), _value
    if hint in _PLAIN:
        return _PLAIN[hint], None
    return pl.String(), _json


def _bare(hint: object) -> object:
    """Take `X` out of `X | None` and `Annotated[X, …]`."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return _bare(inner[0]) if len(inner) == 1 else hint
    return hint


def _value(member: Enum) -> object:
    return member.value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
