"""Divide the workspaces of a projection anew."""

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import read_page
from infra.projecting.checkpoint import begin, position_of, stop_all
from infra.projecting.fold import BATCH, Folder
from infra.projecting.partitions import Partition
from infra.projecting.tables import LIVE
from projections.projection import Projection

LONGEST_STRETCH = 50_000  # events a partition may have to catch up while all of them stand still


class PartitionsApartError(Exception):
    """The partitions are too far from each other to be brought together while nobody else works."""


def repartition(
    connection: Connection[TupleRow], projection: Projection, mapper: Mapper, *, of: int
) -> int:
    """Let the projection have `of` partitions; return the position at which all of them begin.

    Folds count: no event may be applied twice, none left out. So all owners are stopped, the
    partitions that are behind are brought to the position of the foremost, and the new ones begin
    there, all in one transaction; the old owners are fenced, and find the new division. Raises
    PartitionsApartError, and whatever an event raises that cannot be applied (nothing is changed).
    """
    position_of(connection, projection)
    with connection.transaction():
        positions = stop_all(connection, projection.name)
        foremost = max(positions.values())
        for share, position in positions.items():
            if foremost - position > LONGEST_STRETCH:
                raise PartitionsApartError(
                    f"partition {share} is {foremost - position:,} positions behind; "
                    "wait until `engine projections lag` shows less than "
                    f"{LONGEST_STRETCH:,}, and try again"
                )
            _bring_up(connection, projection, mapper, share, position, foremost)
        begin(connection, projection, position=foremost, of=of)
    return foremost


def _bring_up(
    connection: Connection[TupleRow],
    projection: Projection,
    mapper: Mapper,
    share: Partition,
    position: int,
    foremost: int,
) -> None:
    folder = Folder(projection, mapper, connection, LIVE, share)
    while page := read_page(connection, position, upto=foremost, limit=BATCH):
        rows = folder.wanted(page, after=position)
        after = page[-1].position
        folder.fold_parking(rows, before=position, after=after)
        position = after
