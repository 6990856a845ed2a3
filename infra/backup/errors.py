"""What a backup or a restore refuses; the message is written for the operator."""


class BackupError(Exception):
    """It cannot be done; nothing that was there before is touched."""
