"""The log in Postgres: the only package that imports eventsourcing."""
