"""Identities that others vouch for: keys, tokens, and signing in elsewhere."""
