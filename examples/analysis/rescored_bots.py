"""What would the figures of each campaign be, had another rule told robots from people?

Scanners of mail follow every link as soon as a mail arrives. Here a hit is a machine's when it
comes within QUICK of the handover, or with LINKS different links of one mail in one second.

python examples/analysis/rescored_bots.py WORKSPACE
"""

import sys
from datetime import timedelta

import polars as pl

from infra.analysis.analyst_log import AnalystLog, open_log
from infra.analysis.slices import LogSlice

QUICK = timedelta(seconds=2)
LINKS = 3


def scored(log: AnalystLog, part: LogSlice) -> pl.LazyFrame:
    """Return every hit (message, campaign, kind, time) and whether a machine made it."""
    columns = ["message_id", "campaign_id", "recorded_at"]
    opens = log.events("engagement.email_opened", part).select(
        *columns, kind=pl.lit("opens"), link=pl.lit(None, pl.Int64)
    )
    clicks = log.events("engagement.link_clicked", part).select(
        *columns, pl.lit("clicks").alias("kind"), "link"
    )
    sent = log.events("delivery.email_sent", part).select("message_id", sent_at="recorded_at")
    second = pl.col("recorded_at").dt.truncate("1s")
    return (
        pl.concat([opens, clicks])
        .join(sent, on="message_id", how="left")
        .with_columns(
            quick=(pl.col("recorded_at") - pl.col("sent_at") <= QUICK).fill_null(value=False),
            sweep=pl.col("link").drop_nulls().n_unique().over("message_id", second) >= LINKS,
        )
        .with_columns(machine=pl.col("quick") | pl.col("sweep"))
    )


def compare(log: AnalystLog, part: LogSlice) -> pl.DataFrame:
    """Return campaign, what its statistics say now, and what people did by the rule above."""
    if part.workspace_id is None:
        raise ValueError("statistics are of one workspace: name it")
    by_people = (
        scored(log, part)
        .group_by("campaign_id")
        .agg(
            (~pl.col("machine") & (pl.col("kind") == kind)).sum().alias(f"{kind}_by_people")
            for kind in ("opens", "clicks")
        )
        .collect(engine="streaming")
    )
    with log.read_model("campaign_stats", workspace_id=part.workspace_id, as_of=part.upto) as now:
        stats = pl.concat(
            list(now.query("SELECT campaign_id, opens, clicks FROM campaign_stats ORDER BY 1"))
        )
    return stats.join(by_people, on="campaign_id", how="left", maintain_order="left").fill_null(0)


if __name__ == "__main__":
    with open_log() as opened:
        meant = LogSlice(workspace_id=opened.workspace(sys.argv[1]))
        found = compare(opened, meant)
    print(found.write_csv(), end="")
