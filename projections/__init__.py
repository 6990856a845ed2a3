"""How facts become tables: events in, SQL out, replayable."""
