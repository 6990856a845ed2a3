"""The NATS envelope: a run of consecutive events of one workspace and one context.

Body: MessagePack array of rows of the log as they are stored (sealed JSON; ids in 16 bytes).
Headers: the message id is the first position, so that JetStream drops a run that is published
twice; the positions let a consumer see a hole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

STREAM = "EVENTS"
SUBJECTS = "events.>"
WAKE = "engine.wake"
SWITCHES = "engine.switches"
"""Pinged when a kill switch was turned: dispatchers look at once."""
MESSAGE_ID = "Nats-Msg-Id"
FIRST = "Engine-First"
LAST = "Engine-Last"
PREVIOUS = "Engine-Previous"
CORRELATIONS = "Engine-Correlations"
MOST_CORRELATIONS = 16

WireEvent = tuple[int, UUID, UUID, int, UUID, datetime, str, bytes, str]
"""(position, workspace id, stream id, version, command id, recorded at, tag, sealed JSON, kind)"""

_ENCODE = msgspec.msgpack.Encoder(uuid_format="bytes").encode
_EVENTS = msgspec.msgpack.Decoder(list[WireEvent])


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the stream.

    `previous` maps each context to the last position published for it before this envelope.
    `correlations` are the requests its events go back to, at most 16 and those the relay looked
    up: for whoever follows a request with the bus's own tools. `events` is empty when the run is
    too large for the bus: the consumer reads the log instead.
    """

    workspace_id: UUID
    context: str
    first: int
    last: int
    previous: dict[str, int]
    events: Sequence[WireEvent]
    correlations: Sequence[UUID] = ()

    @property
    def subject(self) -> str:
        """`events.<workspace>.<context>`: opaque ids only."""
        return f"events.{self.workspace_id}.{self.context}"

    def headers(self) -> dict[str, str]:
        """Return the NATS headers."""
        of = {CORRELATIONS: ",".join(map(str, self.correlations))} if self.correlations else {}
        return of | {
            MESSAGE_ID: str(self.first),
            FIRST: str(self.first),
            LAST: str(self.last),
            PREVIOUS: ",".join(f"{name}={at}" for name, at in self.previous.items()),
        }

    def body(self) -> bytes:
        """Return the message's bytes."""
        return _ENCODE(self.events)


def parse_envelope(subject: str, headers: Mapping[str, str], body: bytes) -> Envelope:
    """Read an envelope back. Raises KeyError, ValueError or msgspec.DecodeError for garbage."""
    _, workspace, context = subject.split(".")
    pairs = (pair.split("=") for pair in headers[PREVIOUS].split(",") if pair)
    return Envelope(
        workspace_id=UUID(workspace),
        context=context,
        first=int(headers[FIRST]),
        last=int(headers[LAST]),
        previous={name: int(at) for name, at in pairs},
        events=_EVENTS.decode(body),
    )
