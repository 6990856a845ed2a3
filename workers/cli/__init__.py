"""The `engine` command: one file a group of verbs."""
