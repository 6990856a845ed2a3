"""Whom the catcher refuses, so that bounces and retries can be seen without a real server.

The domains are reserved (RFC 2606): no real mailbox can match.
"""

BOUNCE_DOMAIN = "bounce.example.com"
SLOW_DOMAIN = "slow.example.com"
GONE_PREFIX = "gone"

TRY_LATER = "450 4.2.0 mailbox busy, try again in 1 seconds"
BLOCKED_PREFIX = "blocked"


def refusal_of(recipient: str) -> str | None:
    """Return the reply to RCPT that refuses this recipient for good, or None.

    Like many a real server it repeats the address.
    """
    local, _, domain = recipient.lower().rpartition("@")
    if domain != BOUNCE_DOMAIN:
        return None
    if local.startswith(GONE_PREFIX):
        return f"550 5.1.1 <{recipient}>: no such user"
    if local.startswith(BLOCKED_PREFIX):
        return f"554 5.7.1 <{recipient}>: refused by policy"
    return None


def is_slow(recipient: str) -> bool:
    """Whether each message to this recipient is put off once before it is taken."""
    return recipient.lower().endswith("@" + SLOW_DOMAIN)
