"""Whom the catcher refuses, so that bounces and retries can be seen without a real server.

The domains are reserved (RFC 2606): no real mailbox can match.
"""

BOUNCE_DOMAIN = "bounce.example.com"
SLOW_DOMAIN = "slow.example.com"
GONE_PREFIX = "gone"

NO_SUCH_USER = "550 5.1.1 no such user"
TRY_LATER = "450 4.2.0 mailbox busy, try again in 1 seconds"


def refusal_of(recipient: str) -> str | None:
    """Return the reply to RCPT that refuses this recipient for good, or None."""
    local, _, domain = recipient.lower().rpartition("@")
    return NO_SUCH_USER if domain == BOUNCE_DOMAIN and local.startswith(GONE_PREFIX) else None


def is_slow(recipient: str) -> bool:
    """Whether each message to this recipient is put off once before it is taken."""
    return recipient.lower().endswith("@" + SLOW_DOMAIN)
