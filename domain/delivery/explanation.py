"""Why did this person get this mail, or not: a stable code, and the same in words.

Every `SkipReason` and every status of the message ledger has its answer here; a test walks them.
"""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import msgspec

from domain.delivery.events import SkipReason
from domain.delivery.waiting import Place, Why, clock, why_closed


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The event behind an outcome, as the log has it; `detail` is in its words.

    `message_id` and `campaign_id` name what that event goes back to: the message that bounced, the
    campaign whose link was followed.
    """

    position: int
    at: datetime
    detail: str = ""
    message_id: UUID | None = None
    campaign_id: UUID | None = None


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits: where, since when it is due, and how many are due before it."""

    place: Place
    due_at: datetime
    ahead: int = 0


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one message: its row in the ledger, what caused it, and where it waits."""

    status: str
    position: int
    at: datetime
    reason: str | None = None
    attempt: int = 0
    relay: str | None = None
    cause: Cause | None = None
    queued: Queued | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, with the event that it rests on and when that was; `until` for what waits."""

    code: str
    text: str
    position: int | None = None
    at: datetime | None = None
    until: datetime | None = None


Words = Callable[[Story], str]


def explain(story: Story) -> Explanation:
    """Answer for a message."""
    if story.status == "skipped":
        return _skipped(story)
    if story.status in WAITING:
        return _waiting(story)
    text = STATUSES[story.status](story)
    return Explanation(code=story.status, text=text, position=story.position, at=story.at)


def _skipped(story: Story) -> Explanation:
    reason = SkipReason(story.reason or "")
    cause = story.cause
    return Explanation(
        code=str(reason),
        text=f"not sent: {SKIPS[reason](story)}",
        position=cause.position if cause else story.position,
        at=cause.at if cause else story.at,
    )


def _waiting(story: Story) -> Explanation:
    if story.queued is None:  # the queue is ahead of the ledger: the outcome is being recorded
        why = Why(code="handed_over", text=f"it was handed to {story.relay or 'a relay'} just now")
    else:
        why = _why(story.queued)
    if story.status == "deferred":
        said = f"the relay said not now ({(story.reason or '').strip()}); "
        why = msgspec.structs.replace(why, text=said + why.text)
    return Explanation(
        code=why.code, text=why.text, position=story.position, at=story.at, until=why.until
    )


def _why(queued: Queued) -> Why:
    if closed := why_closed(queued.place):
        return closed
    if queued.due_at > queued.place.now:
        text = f"the next attempt is due at {clock(queued.due_at)}"
        return Why(code="retry_later", text=text, until=queued.due_at)
    return Why(code="in_queue", text=f"it is queued behind {queued.ahead} others that are due")


def _since(story: Story) -> str:
    if story.cause is None:
        return ""
    return f" on {clock(story.cause.at)} (event {story.cause.position})"


def _suppressed(story: Story) -> str:
    cause = story.cause
    if cause is None:
        return "the person was suppressed"
    why = f": {cause.detail}" if cause.detail else ""
    of = f", caused by message {cause.message_id}" if cause.message_id else ""
    return f"the person was suppressed{_since(story)}{why}{of}"


def _unsubscribed(story: Story) -> str:
    campaign = story.cause.campaign_id if story.cause else None
    of = f", by a mail of campaign {campaign}" if campaign else ""
    return f"the person unsubscribed{_since(story)}{of}"


def _unrenderable(story: Story) -> str:
    detail = story.cause.detail if story.cause else ""
    return "it could not be written" + (f": {detail}" if detail else "")


SKIPS: MappingProxyType[SkipReason, Words] = MappingProxyType(
    {
        SkipReason.UNSUBSCRIBED: _unsubscribed,
        SkipReason.SUPPRESSED: _suppressed,
        SkipReason.CANCELLED: lambda story: f"the campaign was cancelled{_since(story)}",
        SkipReason.ERASED: lambda story: f"the person was erased{_since(story)}",
        SkipReason.DELETED: lambda story: f"the contact was put into the trash{_since(story)}",
        SkipReason.UNRENDERABLE: _unrenderable,
    }
)
WAITING = frozenset({"queued", "deferred"})
STATUSES: MappingProxyType[str, Words] = MappingProxyType(
    {
        "handed_over": lambda story: f"it is being handed to {story.relay} since {clock(story.at)}",
        "sent": lambda story: f"{story.relay} took it at {clock(story.at)}; nothing came back",
        "delivered": lambda story: f"it arrived, as was reported at {clock(story.at)}",
        "complained": lambda story: (
            f"it arrived, and was called {story.reason or 'abuse'} at {clock(story.at)}"
        ),
        "bounced": lambda story: (
            f"it bounced at {clock(story.at)}: {story.reason or 'as a report says'}".rstrip()
        ),
        "failed": lambda story: (
            f"given up after {story.attempt} attempts ({story.reason}): it is in the dead letters"
        ),
        "uncertain": lambda story: (
            f"{story.relay} may have taken it at {clock(story.at)}, but the answer was lost "
            f"({story.reason}): nobody sends it again unless somebody says so"
        ),
        "lost": lambda story: f"it did not arrive, as somebody found out by {clock(story.at)}",
        "discarded": lambda story: f"put away by hand at {clock(story.at)}: {story.reason}",
    }
)


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """A person and a campaign without a message: positions in the log, None for what never was."""

    gate: str
    launched_position: int | None
    launched_at: datetime | None
    expanded: bool
    added_position: int
    added_at: datetime
    gone: Cause | None = None


def explain_absence(absence: Absence) -> Explanation:
    """Answer for somebody of whom the campaign has no message."""
    launched = absence.launched_position
    if launched is None:
        if absence.gate in {"cancelled", "closed"}:
            return Explanation(code="campaign_cancelled", text="the campaign was never launched")
        return Explanation(code="not_launched", text="the campaign is not launched yet")
    if absence.added_position > launched:
        text = (
            f"the person joined on {clock(absence.added_at)} (event {absence.added_position}), "
            "after the audience was frozen"
        )
        return Explanation(
            code="joined_later", text=text, position=absence.added_position, at=absence.added_at
        )
    if absence.gone is not None and absence.gone.position <= launched:
        text = (
            f"the person was gone since {clock(absence.gone.at)} (event {absence.gone.position}), "
            "before the audience was frozen"
        )
        return Explanation(
            code="gone_before", text=text, position=absence.gone.position, at=absence.gone.at
        )
    if not absence.expanded:
        text = "the audience is being worked through: the person has not had a turn yet"
        return Explanation(code="being_expanded", text=text, position=launched)
    text = "the person was not in the audience when it was frozen"
    return Explanation(code="not_in_audience", text=text, position=launched, at=absence.launched_at)
