"""Have a sending domain looked at now."""

from uuid import UUID

import msgspec

from commands.delivery.sending_domain_ports import SendingDomains
from commands.ports import EventLog
from domain.delivery import sending_domain
from domain.delivery.sending_domain import SENDING_DOMAIN
from domain.shared.context import Context


class AskSendingDomainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Look at its records as soon as possible, also when nobody looks any more."""

    domain_id: UUID


def ask_sending_domain_check(
    command: AskSendingDomainCheck, context: Context, log: EventLog, domains: SendingDomains
) -> int:
    """Record that it was asked for. Raises CheckedTooOftenError right after the last time."""
    return log.decide(
        SENDING_DOMAIN,
        command.domain_id,
        lambda state: sending_domain.ask_check(state, domain_id=command.domain_id, now=context.now),
        context,
        effects=lambda events: [domains.changed(context.workspace_id, e) for e in events],
    )
