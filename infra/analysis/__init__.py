"""The log for analysts: slices of it as polars frames and Parquet, read models as they were."""
