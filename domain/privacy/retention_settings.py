"""How long a workspace keeps what it need not keep for ever."""

import msgspec

BOUNDS = {
    "trash_days": (1, 365),
    "inactive_contact_days": (30, 3650),
    "engagement_days": (30, 3650),
    "import_file_days": (1, 30),
    "rejected_row_days": (1, 365),
    "export_days": (1, 30),
}
"""The fewest and the most days of each setting."""


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Days, each within BOUNDS.

    None: contacts who never react stay, engagement detail stays, exports stay as long as the
    installation says (ENGINE_EXPORT_KEEP_DAYS).
    """

    trash_days: int = 30
    inactive_contact_days: int | None = None
    engagement_days: int | None = None
    import_file_days: int = 7
    rejected_row_days: int = 90
    export_days: int | None = None
