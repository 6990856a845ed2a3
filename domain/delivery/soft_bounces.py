"""When a mailbox that is only full has been full too often: the policy, and what it decides."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.delivery.bounce_events import SoftBouncePolicyChosen
from domain.shared.errors import InvalidInputError
from domain.shared.ids import derive_id
from domain.shared.model import StreamModel

MAX_OF_LAST = 50
MAX_DAYS = 365


class SoftBouncePolicy(msgspec.Struct, frozen=True):
    """At least `bounces` of the last `of_last` sends, over `over_days`: no mail for a while.

    The defaults are what the best of the field do; a workspace chooses others by an event.
    """

    bounces: int = 3
    of_last: int = 5
    over_days: int = 7
    suppress_days: int = 30


class SendResult(msgspec.Struct, frozen=True):
    """What became of one mail to a person; `at` is when it was known."""

    message_id: UUID
    at: datetime
    is_soft: bool = False
    is_delivered: bool = False


def suppressed_until(
    policy: SoftBouncePolicy, sends: Sequence[SendResult], *, now: datetime
) -> datetime | None:
    """Return until when the person gets no mail, None when all is well; `sends` newest first.

    A delivery wipes out what was before it.
    """
    soft = []
    for send in sends[: policy.of_last]:
        if send.is_delivered:
            break
        if send.is_soft:
            soft.append(send.at)
    if len(soft) < policy.bounces or max(soft) - min(soft) < timedelta(days=policy.over_days):
        return None
    return now + timedelta(days=policy.suppress_days)


def choose(state: SoftBouncePolicy, *, chosen: SoftBouncePolicy) -> list[SoftBouncePolicyChosen]:
    """Choose another policy; the same again says nothing. Raises InvalidInputError."""
    if not 1 <= chosen.bounces <= chosen.of_last <= MAX_OF_LAST:
        raise InvalidInputError(
            f"give 1 to {MAX_OF_LAST} as `of_last`, and no more `bounces` than that"
        )
    if not (0 <= chosen.over_days <= MAX_DAYS and 1 <= chosen.suppress_days <= MAX_DAYS):
        raise InvalidInputError(f"give at most {MAX_DAYS} days, and at least 1 of suppression")
    if chosen == state:
        return []
    return [SoftBouncePolicyChosen(**msgspec.structs.asdict(chosen))]


def evolve(state: SoftBouncePolicy, event: SoftBouncePolicyChosen) -> SoftBouncePolicy:  # noqa: ARG001 the last counts
    """Fold one choice."""
    return SoftBouncePolicy(
        bounces=event.bounces,
        of_last=event.of_last,
        over_days=event.over_days,
        suppress_days=event.suppress_days,
    )


def policy_stream(workspace_id: UUID) -> UUID:
    """Return the stream of a workspace's choices."""
    return derive_id(0, b"soft-bounce-policy", workspace_id.bytes)


SOFT_BOUNCE_POLICY: StreamModel[SoftBouncePolicy, SoftBouncePolicyChosen] = StreamModel(
    name="soft-bounce policy", initial=SoftBouncePolicy(), evolve=evolve
)
