"""Workspaces: who sends, and from which postal address."""
