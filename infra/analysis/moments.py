"""From a time to a position, by the log itself."""

from datetime import datetime, timedelta

from infra.eventstore.reader import LogReader

SKEW = timedelta(minutes=5)
"""More than an append may take: `recorded_at` is when its transaction began, so positions and
times run together but for appends beside each other (statements end after 2 minutes, see
`infra.postgres.connections.BOUNDS`)."""


def position_at(reader: LogReader, moment: datetime) -> int:
    """Return the last position recorded at or before a moment; 0 when there is none.

    Bisects, so a long log costs some forty short reads. Appends of the same instant stand on the
    side on which their position is.
    """
    low, high = 0, reader.horizon()  # all up to low is not after the moment, all above high is
    while low < high:
        middle = (low + high) // 2
        page = reader.page(middle, upto=high, limit=1)
        if not page or page[0].recorded_at > moment:
            high = middle
        else:
            low = page[0].position
    return low
