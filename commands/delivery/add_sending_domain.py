"""Begin to send from a domain: make its keys, and say what has to be published."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.delivery.sending_domain_ports import DomainNames, SendingDomains
from commands.ports import Effect, EventLog
from domain.delivery import sending_domain
from domain.delivery.dns_records import Setup, wanted_records
from domain.delivery.sending_domain import SENDING_DOMAIN
from domain.delivery.sending_domain_events import SendingDomainEvent
from domain.shared.context import Context


class AddSendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Send from this domain, once it is verified; `setup` is what the installation wants."""

    domain: str
    setup: Setup


class AddedDomain(msgspec.Struct, frozen=True):
    """Which one it is, and where the log says so."""

    domain_id: UUID
    position: int


def add_sending_domain(
    command: AddSendingDomain,
    context: Context,
    log: EventLog,
    domains: SendingDomains,
    names: DomainNames,
) -> AddedDomain:
    """Record it with new keys. Raises InvalidInputError for what is no domain of anybody's own."""
    domain, workspace_id = names.normal(command.domain), context.workspace_id
    domain_id = sending_domain.domain_id(workspace_id, domain)
    before = log.state(SENDING_DOMAIN, domain_id, context)
    made = domains.new_keys(sending_domain.selectors(workspace_id, before.generation + 1))
    findings = wanted_records(domain, made.public, command.setup)

    def effects(events: Sequence[SendingDomainEvent]) -> Sequence[Effect]:
        return [domains.added(workspace_id, event, findings, made) for event in events]

    position = log.decide(
        SENDING_DOMAIN,
        domain_id,
        lambda state: sending_domain.add(
            state, domain_id=domain_id, domain=domain, keys=made.public, now=context.now
        ),
        context,
        effects=effects,
    )
    return AddedDomain(domain_id, position)
