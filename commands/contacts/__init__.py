"""What can be asked of contacts."""
