"""The stream of envelopes: transport that can be made again at any time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    PubAck,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from infra.observability.tracing import traceparent
from schemas.messages import STREAM, SUBJECTS, Envelope, parse_envelope

log = structlog.get_logger()

MAX_BYTES = 2 * 1024**3
MAX_AGE_S = 24 * 3600.0
DUPLICATE_WINDOW_S = 120.0
ACK_TIMEOUT_S = 5.0
LOOK_AFTER_S = 0.25  # without an acknowledgement for so long: is the stream still there?
IDLE_CONSUMER_S = 60.0
BUFFER_ENVELOPES = 2_000
BUFFER_BYTES = 64 * 1024**2


class StreamLostError(NatsError):
    """The stream was gone or took nothing more; it is made again, without what was published."""


async def ensure_stream(js: JetStreamContext) -> bool:
    """Make the stream when it is not there; tells whether it was missing.

    Old messages go first: the log has them all.
    """
    config = StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_bytes=MAX_BYTES,
        max_age=MAX_AGE_S,
        duplicate_window=DUPLICATE_WINDOW_S,
    )
    try:
        await js.stream_info(STREAM)
    except NotFoundError:
        await js.add_stream(config)
        return True
    return False


class EnvelopePublisher:
    """Publishes envelopes and waits until JetStream has acknowledged every one."""

    def __init__(self, client: Client) -> None:
        self._js = client.jetstream(timeout=ACK_TIMEOUT_S, publish_async_max_pending=1024)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publish all. Raises a NATS error or TimeoutError when any was not acknowledged."""
        acks: list[asyncio.Future[PubAck]] = []
        try:
            for envelope in envelopes:
                ack = await self._js.publish_async(
                    envelope.subject,
                    envelope.body(),
                    wait_stall=ACK_TIMEOUT_S,
                    headers=envelope.headers() | traceparent(),
                )
                acks.append(ack)
            await self._acknowledged(acks)
        finally:
            for ack in acks:  # nobody waits for these any more
                ack.cancel()

    async def _acknowledged(self, acks: Sequence[asyncio.Future[PubAck]]) -> None:
        """Wait for all; when one is late, look whether there is a stream to acknowledge it."""
        everything = asyncio.gather(*acks)
        try:
            await asyncio.wait_for(asyncio.shield(everything), LOOK_AFTER_S)
        except TimeoutError:
            if await ensure_stream(self._js):
                raise StreamLostError from None
            await self._acknowledged_at_last(everything)

    async def _acknowledged_at_last(self, everything: asyncio.Future[list[PubAck]]) -> None:
        """Wait the whole time; a stream that is there and takes nothing is made again.

        That is what a full disk leaves: nothing is acknowledged any more, also when there is
        room again, until the server is restarted or the stream replaced; and what it held takes
        up the room.
        """
        try:
            await asyncio.wait_for(everything, ACK_TIMEOUT_S)
        except TimeoutError:
            await self._js.delete_stream(STREAM)
            await ensure_stream(self._js)
            log.warning("stream_made_again", waited_s=ACK_TIMEOUT_S)
            raise StreamLostError from None

    async def ensure_stream(self) -> None:
        """Make the stream when it is not there."""
        await ensure_stream(self._js)


class EnvelopeReader:
    """Reads what is published from now on; where it starts does not matter, positions decide.

    The consumer is ephemeral and acknowledges nothing: its reader's checkpoint is in Postgres,
    and what a slow reader's bounded buffer drops is a hole like any other.
    """

    def __init__(self, client: Client) -> None:
        self._js = client.jetstream(timeout=ACK_TIMEOUT_S)
        self._subscription: JetStreamContext.PushSubscription | None = None

    async def read(self, *, limit: int, timeout_s: float) -> list[Envelope]:
        """Return the next envelopes, at most `limit`; empty after `timeout_s` without any.

        Any trouble (stream wiped, consumer gone, link down) drops the consumer, and the next
        call makes a new one; raises the NATS error, so that the caller reads the log meanwhile.
        """
        try:
            if self._subscription is None:
                self._subscription = await self._subscribe()
            messages = [await self._subscription.next_msg(timeout_s)]
            while len(messages) < limit and self._subscription.pending_msgs:
                messages.append(await self._subscription.next_msg(timeout_s))
        except TimeoutError:
            await self._check()
            return []
        except NatsError:
            await self._drop()
            raise
        return [
            parse_envelope(message.subject, message.headers or {}, message.data)
            for message in messages
        ]

    async def _subscribe(self) -> JetStreamContext.PushSubscription:
        await ensure_stream(self._js)
        return await self._js.subscribe(
            SUBJECTS,
            stream=STREAM,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.NEW,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=IDLE_CONSUMER_S,
                mem_storage=True,
            ),
            pending_msgs_limit=BUFFER_ENVELOPES,
            pending_bytes_limit=BUFFER_BYTES,
        )

    async def _check(self) -> None:
        """Silence may mean that the consumer is gone: a wiped store answers nothing."""
        if self._subscription is None:
            return
        try:
            await self._subscription.consumer_info()
        except (NatsError, TimeoutError):
            await self._drop()

    async def _drop(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with suppress(NatsError):
                await subscription.unsubscribe()
