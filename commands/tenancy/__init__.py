"""What can be asked of workspaces."""
