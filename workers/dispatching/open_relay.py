"""A relay as one dispatcher uses it: its connections, its pace, and how it has been lately."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from domain.delivery.smtp_reply import Cause, judge
from infra.postgres.relay_rates import RelayRate
from infra.smtp.mail import NotSent, Outcome, Refused
from infra.smtp.sender import SmtpSender
from workers.dispatching.settling import Settler
from workers.runtime import Backoff

log = structlog.get_logger()

AIM_S = 0.2  # a chunk is as long as the relay takes in this time, so that the last look is fresh
FIRST_CHUNK = 50
MOST_CHUNK = 200
MOST_REFUSALS = 5  # "not now" and "not you" in a row, whoever it is for, are about us
_CLOSING = 421
_OURS = frozenset({"sender_closed"})  # reasons that say nothing of the relay


class OpenRelay:
    """What chunks are handed to. `relay_id` is None for the relay of the settings."""

    def __init__(
        self,
        *,
        name: str,
        sender: SmtpSender,
        rate: RelayRate | None,
        settler: Settler,
        relay_id: UUID | None = None,
        version: int = 0,
    ) -> None:
        self.name = name
        self.sender = sender
        self.rate = rate
        self.settler = settler
        self.relay_id = relay_id
        self.version = version
        self.probing = False
        self.most: int | None = None
        """The longest chunk that it may get, while it is tried or has just recovered."""
        self.flying = 0
        self.pause_s = 0.0
        self._chunk = FIRST_CHUNK
        self._outage = Backoff()
        self._refused = 0

    @property
    def chunk(self) -> int:
        """How many messages the next chunk should have."""
        size = self.rate.chunk if self.rate else self._chunk
        return size if self.most is None else min(size, self.most)

    def learn(self, outcomes: Sequence[Outcome], *, took_s: float) -> str | None:
        """Adapt the chunk to the relay's pace; return the evidence when it should be left alone.

        The relay of the settings, which has no alternative, is paused here instead.
        """
        met = [outcome for outcome in outcomes if _reason(outcome) not in _OURS]
        about_us = [outcome for outcome in met if _reason(outcome) is not None]
        if len(about_us) < len(met):
            self._refused = 0
            self._outage.succeeded()
            self.pause_s = 0.0
        unreached = bool(met) and all(isinstance(outcome, NotSent) for outcome in met)
        if about_us and len(about_us) == len(met):
            self._refused += len(about_us)
        if unreached or self._refused >= MOST_REFUSALS or (self.probing and self._refused):
            self._refused = 0
            if unreached and self.relay_id is None:
                self.pause_s = self._outage.pause()
                log.warning("relay_unreached", relay=self.name, pause_s=self.pause_s)
            return _reason(about_us[-1])
        sent = len(outcomes)
        fitting = int(sent * AIM_S / max(took_s, 0.001))
        if self.most is None and (fitting < self._chunk or sent >= self._chunk):
            self._chunk = min(max(fitting, 1, self._chunk // 2), self._chunk * 2, MOST_CHUNK)
        return None


def _reason(outcome: Outcome) -> str | None:
    """Return what an outcome says of the relay itself; None when it says nothing against it."""
    if isinstance(outcome, NotSent):
        return f"{outcome.reason} {outcome.reply.codes if outcome.reply else ''}".strip()
    if isinstance(outcome, Refused):
        cause = judge(outcome.reply, phase=outcome.phase).cause
        if outcome.reply.code == _CLOSING or cause is Cause.AUTHENTICATION:
            return f"{cause} {outcome.reply.codes}"
    return None
