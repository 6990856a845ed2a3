"""Backups of both databases, and their restoring."""
