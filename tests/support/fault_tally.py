"""What a fault cost: sent, lost, duplicate and uncertain, by the log and by the sink."""

import sys
from collections.abc import Mapping
from uuid import UUID

import msgspec

from domain.delivery.events import EmailSent, EmailUncertain
from tests.support.counting_sink import RunningSink
from tests.support.sending import Mailing


class FaultTally(msgspec.Struct, frozen=True):
    """`accepted`: how often the sink took each message; the rest is what the log says."""

    audience: int
    sent: frozenset[UUID]
    uncertain: frozenset[UUID]
    accepted: Mapping[UUID, int]

    @property
    def lost(self) -> int:
        """Of how many people the log says neither that it went nor that nobody knows."""
        return self.audience - len(self.sent | self.uncertain)

    @property
    def duplicates(self) -> int:
        """How many mails the sink took beyond the first of each."""
        return sum(count - 1 for count in self.accepted.values())

    def show(self, *fault: object) -> None:
        """Print a row of the table in docs/faults.md (pytest -s)."""
        figures = (len(self.sent), self.lost, self.duplicates, len(self.uncertain))
        sys.stdout.write("\n| " + " | ".join(map(str, (*fault, *figures))) + " |\n")

    def check(self) -> None:
        """Nobody is lost, nobody is sent twice, and the log and the sink tell the same."""
        assert (self.lost, self.duplicates) == (0, 0)
        assert self.sent <= self.accepted.keys() <= self.sent | self.uncertain


def tally(mailing: Mailing, accepted: Mapping[UUID, int], *, audience: int) -> FaultTally:
    """Read the log of a campaign to so many people."""
    return FaultTally(
        audience=audience,
        sent=frozenset(event.message_id for event in mailing.of_type(EmailSent)),
        uncertain=frozenset(event.message_id for event in mailing.of_type(EmailUncertain)),
        accepted=accepted,
    )


def message_ids(sink: RunningSink) -> dict[UUID, int]:
    """How often the sink took each message."""
    return {
        UUID(name.strip("<>").partition("@")[0]): count for name, count in sink.accepted().items()
    }
