"""Which relay the next messages go through: each gets its weight's share of the messages.

Smooth weighted round robin by messages: every relay earns its share of what is sent, the one that
is owed most is next, and pays for what it got.
"""

from collections.abc import Mapping
from uuid import UUID

Owed = Mapping[UUID, float]


def next_relay(weights: Mapping[UUID, int], owed: Owed) -> UUID:
    """Return the one that is owed most; of equals the heavier one, then the first by id."""
    return max(weights, key=lambda relay: (owed.get(relay, 0.0), weights[relay], -relay.int))


def after_sending(
    weights: Mapping[UUID, int], owed: Owed, *, through: UUID, messages: int
) -> dict[UUID, float]:
    """Return what each is owed then; a relay that is not among them now is owed nothing."""
    total = sum(weights.values())
    earned = {
        relay: owed.get(relay, 0.0) + messages * weight / total for relay, weight in weights.items()
    }
    return earned | {through: earned[through] - messages}
