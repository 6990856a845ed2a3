"""Send from a domain no more."""

from uuid import UUID

import msgspec

from commands.delivery.sending_domain_ports import SendingDomains
from commands.ports import EventLog
from domain.delivery import sending_domain
from domain.delivery.sending_domain import SENDING_DOMAIN
from domain.shared.context import Context


class RemoveSendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Forget its keys; campaigns that still send from it are paused."""

    domain_id: UUID


def remove_sending_domain(
    command: RemoveSendingDomain, context: Context, log: EventLog, domains: SendingDomains
) -> int:
    """Record it and delete the private keys in the same transaction."""
    return log.decide(
        SENDING_DOMAIN,
        command.domain_id,
        lambda state: sending_domain.remove(state, domain_id=command.domain_id),
        context,
        effects=lambda events: [domains.changed(context.workspace_id, e) for e in events],
    )
