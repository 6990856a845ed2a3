"""What can be asked of messages that are over."""
