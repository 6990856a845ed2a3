"""What the commands of sending domains need from the outside world."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from commands.ports import Effect
from domain.delivery.dns_records import Finding
from domain.delivery.sending_domain_events import DkimKey, SendingDomainEvent


class MadeKeys(Protocol):
    """New keys; only the adapter that made them knows the private halves."""

    @property
    def public(self) -> tuple[DkimKey, ...]:
        """What is to be published."""


class SendingDomains(Protocol):
    """What is known of each sending domain beside the log, and its sealed keys."""

    def new_keys(self, selectors: Mapping[str, str]) -> MadeKeys:
        """Make a key for each algorithm -> selector."""

    def added(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: MadeKeys,
    ) -> Effect:
        """Return the effect that keeps a new domain, or one that comes back, with its keys."""

    def prepared(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: MadeKeys,
    ) -> Effect:
        """Return the effect that keeps new keys beside the old ones, to be looked for now."""

    def changed(self, workspace_id: UUID, event: SendingDomainEvent) -> Effect:
        """Return the effect of any other event."""


class DomainNames(Protocol):
    """Knows which names can be sending domains."""

    def normal(self, text: str) -> str:
        """Return the one spelling (A-labels, lower case). Raises InvalidInputError for others."""
