"""Process managers: events in, commands out."""
