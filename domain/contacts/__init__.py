"""Contacts, their consent, suppression and imports."""
