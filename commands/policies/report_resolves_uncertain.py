"""Whenever a report says what became of a message that was uncertain, it is known."""

from commands.delivery.ports import UncertainMessages
from commands.delivery.resolve_uncertain import ResolveUncertain, resolve_uncertain
from commands.ports import EventLog
from domain.delivery.bounce_events import EmailDelivered
from domain.delivery.events import EmailBounced
from domain.delivery.outcome_events import Resolution
from domain.shared.context import Context
from domain.shared.errors import IllegalTransitionError, NotFoundError
from domain.shared.model import Event


class ReportResolvesUncertain:
    """A report that comes back later shows that the relay had taken the message."""

    name = "report_resolves_uncertain"
    reacts_to: frozenset[type[Event]] = frozenset({EmailBounced, EmailDelivered})

    def __init__(self, log: EventLog, uncertain: UncertainMessages) -> None:
        self._log = log
        self._uncertain = uncertain

    def react(self, event: Event, context: Context) -> None:
        """Resolve it; a message that is not uncertain, or resolved already, stays as it is."""
        match event:
            case EmailBounced(attempt=0):  # in an attempt of ours it was the answer
                said, resolution = f"{event.code} {event.status}".strip(), Resolution.BOUNCED
            case EmailDelivered():
                said, resolution = event.action, Resolution.DELIVERED
            case _:
                return
        command = ResolveUncertain(
            message_id=event.message_id,
            resolution=resolution,
            reason=f"a report says {said}",
            caused_by=event.message_id,
        )
        try:
            resolve_uncertain(command, context, self._log, self._uncertain)
        except (NotFoundError, IllegalTransitionError):
            return
