"""What can be asked of API tokens."""
