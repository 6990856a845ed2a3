"""Connect to NATS for ever: the client's own defaults give up after two minutes."""

import nats
import structlog
from nats.aio.client import Client

log = structlog.get_logger()

PING_INTERVAL_S = 5
PENDING_BYTES = 16 * 1024 * 1024


async def connect(url: str, *, name: str) -> Client:
    """Return a client that reconnects for ever, pings every 5 s and buffers at most 16 MiB.

    Raises nats.errors.NoServersError when nothing answers now: the caller decides to wait.
    """

    async def disconnected() -> None:
        log.warning("nats_disconnected", client=name)

    async def reconnected() -> None:
        log.info("nats_reconnected", client=name)

    async def failed(error: Exception) -> None:
        log.debug("nats_error", client=name, error=error)

    return await nats.connect(
        url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        ping_interval=PING_INTERVAL_S,
        max_outstanding_pings=2,
        connect_timeout=2,
        allow_reconnect=True,
        pending_size=PENDING_BYTES,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        error_cb=failed,
    )
