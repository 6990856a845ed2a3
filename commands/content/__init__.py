"""What can be asked of templates."""
