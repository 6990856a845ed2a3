"""Say what a look at a sending domain's DNS changed."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.delivery.sending_domain_ports import SendingDomains
from commands.ports import EventLog
from domain.delivery import sending_domain
from domain.delivery.dns_records import Finding
from domain.delivery.sending_domain import SENDING_DOMAIN, Misses
from domain.shared.context import Context


class CheckSendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and how many looks in a row missed something."""

    domain_id: UUID
    findings: Sequence[Finding]
    misses: Misses


def check_sending_domain(
    command: CheckSendingDomain, context: Context, log: EventLog, domains: SendingDomains
) -> int:
    """Verify, break or heal the domain, with what it was seen by; usually there is no news."""
    return log.decide(
        SENDING_DOMAIN,
        command.domain_id,
        lambda state: sending_domain.checked(
            state,
            domain_id=command.domain_id,
            findings=command.findings,
            misses=command.misses,
            now=context.now,
        ),
        context,
        effects=lambda events: [domains.changed(context.workspace_id, e) for e in events],
    )
