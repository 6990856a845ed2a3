"""Archives of a person's data, and of all that a workspace holds."""
