"""JetStream as transport; never the record."""
