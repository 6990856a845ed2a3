"""What can be asked of exports of the log."""
