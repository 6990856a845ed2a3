"""Give a sending domain new keys, which sign from when their records are seen."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.delivery.sending_domain_ports import SendingDomains
from commands.ports import Effect, EventLog
from domain.delivery import sending_domain
from domain.delivery.dns_records import next_records
from domain.delivery.sending_domain import SENDING_DOMAIN
from domain.delivery.sending_domain_events import SendingDomainEvent
from domain.shared.context import Context


class RotateSendingDomainKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Make new keys; the old ones sign until the new ones are published."""

    domain_id: UUID


def rotate_sending_domain_keys(
    command: RotateSendingDomainKeys, context: Context, log: EventLog, domains: SendingDomains
) -> int:
    """Record the new public halves. Raises IllegalTransitionError while others wait."""
    workspace_id = context.workspace_id
    before = log.state(SENDING_DOMAIN, command.domain_id, context)
    made = domains.new_keys(sending_domain.selectors(workspace_id, before.generation + 1))
    findings = next_records(before.domain, made.public)

    def effects(events: Sequence[SendingDomainEvent]) -> Sequence[Effect]:
        return [domains.prepared(workspace_id, event, findings, made) for event in events]

    return log.decide(
        SENDING_DOMAIN,
        command.domain_id,
        lambda state: sending_domain.prepare_keys(
            state, domain_id=command.domain_id, keys=made.public
        ),
        context,
        effects=effects,
    )
