"""Write routes of sending domains."""

from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.delivery.add_sending_domain import AddSendingDomain, add_sending_domain
from commands.delivery.ask_sending_domain_check import (
    AskSendingDomainCheck,
    ask_sending_domain_check,
)
from commands.delivery.remove_sending_domain import RemoveSendingDomain, remove_sending_domain
from commands.delivery.rotate_sending_domain_keys import (
    RotateSendingDomainKeys,
    rotate_sending_domain_keys,
)
from commands.delivery.sending_domain_ports import DomainNames, SendingDomains
from commands.ports import EventLog
from domain.delivery.dns_records import Setup
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.sending_domains import NewSendingDomain


@post(
    "/v1/sending-domains",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Add a sending domain",
    tags=["sending domains"],
)
def post_sending_domain(
    data: JSONBody[NewSendingDomain],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    domains: NamedDependency[SkipValidation[SendingDomains]],
    domain_names: NamedDependency[SkipValidation[DomainNames]],
    domain_setup: NamedDependency[SkipValidation[Setup]],
) -> Accepted:
    """Make its keys; its records are shown by GET, and looked up from now on."""
    command = AddSendingDomain(domain=data.domain, setup=domain_setup)
    added = add_sending_domain(command, context, log, domains, domain_names)
    return Accepted(id=added.domain_id, position=added.position)


@post(
    "/v1/sending-domains/{domain_id:uuid}/check",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Look a sending domain's records up now",
    tags=["sending domains"],
)
def post_sending_domain_check(
    domain_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    domains: NamedDependency[SkipValidation[SendingDomains]],
) -> Accepted:
    """Have them looked up within seconds; again at most every half minute."""
    command = AskSendingDomainCheck(domain_id=domain_id)
    position = ask_sending_domain_check(command, context, log, domains)
    return Accepted(id=domain_id, position=position)


@post(
    "/v1/sending-domains/{domain_id:uuid}/rotate-dkim",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Give a sending domain new DKIM keys",
    tags=["sending domains"],
)
def post_sending_domain_keys(
    domain_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    domains: NamedDependency[SkipValidation[SendingDomains]],
) -> Accepted:
    """Show their records as `next_dkim`; they sign from when these are seen."""
    command = RotateSendingDomainKeys(domain_id=domain_id)
    position = rotate_sending_domain_keys(command, context, log, domains)
    return Accepted(id=domain_id, position=position)


@delete(
    "/v1/sending-domains/{domain_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Remove a sending domain",
    tags=["sending domains"],
)
def delete_sending_domain(
    domain_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    domains: NamedDependency[SkipValidation[SendingDomains]],
) -> Accepted:
    """Delete its private keys; campaigns that send from it are paused."""
    command = RemoveSendingDomain(domain_id=domain_id)
    return Accepted(id=domain_id, position=remove_sending_domain(command, context, log, domains))
