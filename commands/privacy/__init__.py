"""What can be asked for privacy: erasing a person, exporting the log."""
