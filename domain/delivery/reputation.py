"""What the outcomes of messages say of their sender: counts of a window, and single witnesses."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

import msgspec

from domain.delivery.bounce_class import BounceClass, BounceSource
from domain.delivery.bounce_events import EmailComplained
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailUncertain,
)
from domain.delivery.lane_events import Evidence
from domain.delivery.smtp_reply import Cause
from domain.shared.model import Event
from domain.shared.packed_ids import pack_ids

WITNESSES = 5
LATEST = 100


class Kind(StrEnum):
    """What an answer means for the sender. All but the last are answers to a handover."""

    SENT = "sent"
    DEFERRED = "deferred"  # about this recipient or the server: greylisting, a full mailbox
    SLOWED = "slowed"  # about us: 421, or 4.7.x but for greylisting
    BLOCKED = "blocked"  # about us: 5.7.x and kin
    BOUNCED = "bounced"  # there is no such mailbox
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    COMPLAINED = "complained"


TROUBLE = frozenset({Kind.SLOWED, Kind.BLOCKED, Kind.BOUNCED, Kind.COMPLAINED})
"""What a lane can be warned of or stopped for."""
LETTERS = {
    Kind.SENT: "s",
    Kind.DEFERRED: "d",
    Kind.SLOWED: "l",
    Kind.BLOCKED: "k",
    Kind.BOUNCED: "b",
    Kind.FAILED: "f",
    Kind.UNCERTAIN: "u",
}
"""Answers in one character each, so that the last ones of a lane are a short text."""
KIND_OF_LETTER = {letter: kind for kind, letter in LETTERS.items()}
_ABOUT_US = frozenset({Cause.POLICY, Cause.AUTHENTICATION, Cause.SENDER})
_PLAIN: dict[type[Event], Kind] = {
    EmailSent: Kind.SENT,
    EmailBounced: Kind.BOUNCED,
    EmailUncertain: Kind.UNCERTAIN,
    EmailComplained: Kind.COMPLAINED,
}
_CLOSING = 421
_PERMANENT = 500


def kind_of(event: Event) -> Kind | None:
    """Return what an event of delivery says of the sender, None when it says nothing.

    The sandbox says nothing, and neither does a relay that was not reached: it answered nothing.
    """
    is_report = getattr(event, "source", None) is BounceSource.DSN
    if getattr(event, "sandbox", False) or (getattr(event, "code", None) == 0 and not is_report):
        return None
    match event:
        case EmailBounced() if is_report:
            return _reported(event)
        case EmailDeferred():
            return _put_off(event.code, event.status)
        case EmailFailed() if event.code < _PERMANENT:
            return _put_off(event.code, event.status)
        case EmailFailed():
            return Kind.BLOCKED if event.reason in _ABOUT_US else Kind.FAILED
        case _:
            return _PLAIN.get(type(event))


def _reported(event: EmailBounced) -> Kind | None:
    """Of what comes back later: a full mailbox says nothing of the sender."""
    match event.bounce_class:
        case BounceClass.HARD:
            return Kind.BOUNCED
        case BounceClass.POLICY:
            return Kind.SLOWED if event.status.startswith("4.") else Kind.BLOCKED
        case _:
            return None


def _put_off(code: int, status: str) -> Kind:
    return Kind.SLOWED if code == _CLOSING or status.startswith("4.7.") else Kind.DEFERRED


class Witness(msgspec.Struct, frozen=True):
    """A message that a finding rests on; `code` is reply code and status, such as `421 4.7.0`."""

    message_id: UUID
    code: str


class Tally(msgspec.Struct, frozen=True):
    """How often each kind was seen; kinds without a count were not."""

    counts: dict[Kind, int]
    witnesses: dict[Kind, tuple[Witness, ...]] = {}

    def of(self, *kinds: Kind) -> int:
        """Return how many outcomes were of these kinds."""
        return sum(self.counts.get(kind, 0) for kind in kinds)

    @property
    def answered(self) -> int:
        """How many handovers got an answer, or never will."""
        return sum(self.counts.values()) - self.of(Kind.COMPLAINED)

    @property
    def delivered(self) -> int:
        """How many messages were taken or refused for good: what bounces are a part of."""
        return self.of(Kind.SENT, Kind.BLOCKED, Kind.BOUNCED, Kind.FAILED)

    def evidence(self, *, window_s: int, about: Iterable[Kind] = ()) -> Evidence:
        """Return it for an event, with witnesses of the kinds that it is about."""
        seen = [witness for kind in about for witness in self.witnesses.get(kind, ())][:WITNESSES]
        return Evidence(
            window_s=window_s,
            **{kind.value: count for kind, count in self.counts.items()},
            messages=pack_ids(witness.message_id for witness in seen),
            codes=tuple(witness.code for witness in seen),
        )


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of a subject since it began anew for the `era`-th time.

    `latest` is of the last `LATEST` answers at most, `day` of the last 24 hours.
    """

    era: int
    latest: Tally
    day: Tally
