"""Structured logs and figures about ourselves."""
