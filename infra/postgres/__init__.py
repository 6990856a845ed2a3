"""Connections, tenant scope, migrations and working tables."""
