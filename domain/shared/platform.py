"""The platform's own scope: where accounts live, which belong to no one workspace."""

from uuid import UUID

PLATFORM = UUID("00000000-0000-7000-8000-000000000001")
"""The workspace id under which the log, the vault and row-level security keep what is everybody's.

No credential is ever for this workspace: only commands about accounts act in it.
"""
