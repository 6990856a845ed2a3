"""Is NATS there? Without it read models lag, but nothing is lost and requests are answered."""

import socket
from urllib.parse import urlsplit

PATIENCE_S = 0.5
DEFAULT_PORT = 4222


def nats_check(url: str) -> str:
    """Return ok, or degraded when nobody listens."""
    place = urlsplit(url.split(",", 1)[0])
    try:
        address = (place.hostname or "", place.port or DEFAULT_PORT)
        socket.create_connection(address, timeout=PATIENCE_S).close()
    except (OSError, ValueError):
        return "degraded"
    return "ok"
