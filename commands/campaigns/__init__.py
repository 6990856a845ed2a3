"""What can be asked of campaigns."""
