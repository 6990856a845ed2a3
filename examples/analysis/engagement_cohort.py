"""Of the people imported in each week: which share opened, which clicked, within so many days?

python examples/analysis/engagement_cohort.py WORKSPACE [DAYS]
"""

import sys

import polars as pl

from infra.analysis.analyst_log import AnalystLog, open_log
from infra.analysis.slices import LogSlice


def cohorts(log: AnalystLog, part: LogSlice, *, days: int) -> pl.LazyFrame:
    """Return week, contacts, opened and clicked (shares), the oldest week first."""
    people = first(log, part, "contacts.contact_imported", "imported_at")
    for kind, column in (
        ("engagement.email_opened", "opened_at"),
        ("engagement.link_clicked", "clicked_at"),
    ):
        people = people.join(first(log, part, kind, column), on="contact_id", how="left")
    in_time = pl.col("imported_at") + pl.duration(days=days)
    return (
        people.group_by(pl.col("imported_at").dt.truncate("1w").dt.date().alias("week"))
        .agg(
            contacts=pl.len(),
            opened=(pl.col("opened_at") <= in_time).fill_null(value=False).mean(),
            clicked=(pl.col("clicked_at") <= in_time).fill_null(value=False).mean(),
        )
        .sort("week")
    )


def first(log: AnalystLog, part: LogSlice, kind: str, column: str) -> pl.LazyFrame:
    """Return when an event of this type was first recorded of each contact."""
    return (
        log.events(kind, part).group_by("contact_id").agg(pl.col("recorded_at").min().alias(column))
    )


if __name__ == "__main__":
    with open_log() as opened:
        name, days = [*sys.argv[1:], "7"][:2]
        meant = LogSlice(workspace_id=opened.workspace(name))
        found = cohorts(opened, meant, days=int(days)).collect(engine="streaming")
    print(found.write_csv(), end="")
