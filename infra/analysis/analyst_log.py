"""The door for analysts: open the log, scan it, read one event type as a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import Any
from uuid import UUID

import polars as pl
from msgspec.structs import replace

from infra.analysis.as_of import ReadModel, read_model_as_of
from infra.analysis.moments import position_at
from infra.analysis.scan import LogSource
from infra.analysis.slices import LogSlice, UnknownTypeError, name_of, tags_of
from infra.bootstrap import Adapters
from infra.eventstore.event_types import EVENT_TYPES
from infra.postgres.connections import Role
from infra.postgres.workspaces import known_workspaces
from infra.settings import Settings, load_settings
from projections.registry import PROJECTIONS

EVERYTHING = LogSlice()


class UnknownWorkspaceError(Exception):
    """No workspace has this name or id."""


class PandasMissingError(Exception):
    """pandas was asked for and is not installed."""


class AnalystLog:
    """The log of one installation, read as the worker reads it: all workspaces, fields sealed."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters

    def workspace(self, name_or_id: str) -> UUID:
        """Return a workspace's id. Raises UnknownWorkspaceError, which says which there are."""
        known = known_workspaces(self._adapters.pool)
        for found in known:
            if name_or_id in {found.name, str(found.workspace_id)}:
                return found.workspace_id
        names = ", ".join(found.name for found in known)
        raise UnknownWorkspaceError(f"no workspace is called {name_or_id}: there are {names}")

    def scan(self, part: LogSlice = EVERYTHING) -> pl.LazyFrame:
        """Return the header of every event and, in `data`, the event as it is stored (JSON)."""
        return self.source(part).scan()

    def events(
        self, kind: str, part: LogSlice = EVERYTHING, *, open_personal: bool = False
    ) -> pl.LazyFrame:
        """Return the events of one type (`delivery.email_sent`), a column for each field.

        Personal fields are null. `open_personal` opens them with the persons' keys, in one named
        workspace; use it where the law lets you. Raises UnknownTypeError.
        """
        return self.source(part, kind=kind, open_personal=open_personal).scan()

    def position_at(self, moment: datetime) -> int:
        """Return the last position that was recorded at or before a time (aware)."""
        return position_at(self._adapters.reader, moment)

    def position_as_of(self, as_of: int | datetime | None) -> int:
        """Return the position that is meant, never past the horizon; None is the end of the log."""
        horizon = self._adapters.reader.horizon()
        asked = self.position_at(as_of) if isinstance(as_of, datetime) else as_of
        return horizon if asked is None else min(asked, horizon)

    @contextmanager
    def read_model(
        self, name: str, *, workspace_id: UUID, as_of: int | datetime | None = None
    ) -> Iterator[ReadModel]:
        """Build a read model of a workspace as it was, to query it until the block ends.

        Default: as it is at the end of the log. Raises UnfoldableError.
        """
        position = self.position_as_of(as_of)
        with read_model_as_of(
            self._adapters, PROJECTIONS[name], workspace_id=workspace_id, position=position
        ) as model:
            yield model

    def source(
        self, part: LogSlice, *, kind: str | None = None, open_personal: bool = False
    ) -> LogSource:
        """Return what both read from. Raises UnknownTypeError, and ValueError for a bad slice."""
        if open_personal and (kind is None or part.workspace_id is None):
            raise ValueError("personal fields are opened for one type in one workspace: name both")
        event = None
        if kind is not None:
            newest = tags_of([kind]) & EVENT_TYPES.keys()
            if len({name_of(tag) for tag in newest}) != 1:
                raise UnknownTypeError(f"{kind} is not one event type: name one, as context.name")
            part = replace(part, types=(name_of(max(newest)),))
            event = EVENT_TYPES[max(newest)]
        part.tags()
        return LogSource(
            reader=self._adapters.reader,
            mapper=self._adapters.mapper,
            part=part,
            event=event,
            opens=open_personal,
        )


@contextmanager
def open_log(settings: Settings | None = None) -> Iterator[AnalystLog]:
    """Open the log that the settings (default: those of the environment) name."""
    adapters = Adapters(settings or load_settings(), role=Role.WORKER, name="engine-analysis")
    try:
        yield AnalystLog(adapters)
    finally:
        adapters.close()


def to_pandas(frame: pl.LazyFrame | pl.DataFrame) -> Any:  # noqa: ANN401 - pandas is an extra, and has no types
    """Collect into a pandas DataFrame, all in memory. Raises PandasMissingError."""
    if not (find_spec("pandas") and find_spec("pyarrow")):
        raise PandasMissingError("pandas is not installed: pip install 'email-engine[pandas]'")
    return frame.lazy().collect(engine="streaming").to_pandas()
