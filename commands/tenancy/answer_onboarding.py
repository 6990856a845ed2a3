"""Answer one of the questions to a new workspace."""

from collections.abc import Callable, Sequence

import msgspec

from commands.ports import EventLog
from commands.tenancy.choose_sender import valid_address
from commands.tenancy.choose_time_zone import known_time_zone
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from domain.tenancy import onboarding, profile
from domain.tenancy.decider import WORKSPACE, Workspace
from domain.tenancy.events import SendingDomainNamed, SendingPlanned, Step, TenancyEvent

Facts = Callable[[Workspace], Sequence[TenancyEvent]]


class WorkspaceStep(msgspec.Struct, frozen=True, kw_only=True):
    """Who they are."""

    name: str
    brand_name: str
    time_zone: str


class SenderStep(msgspec.Struct, frozen=True, kw_only=True):
    """As whom they send, and where they can be reached by post."""

    sender_name: str
    sender_address: str
    postal_address: str


class DomainStep(msgspec.Struct, frozen=True, kw_only=True):
    """From which domain they want to send."""

    sending_domain: str


class VolumeStep(msgspec.Struct, frozen=True, kw_only=True):
    """How much, and what for."""

    mails_per_month: int
    goal: str


class ContactsStep(msgspec.Struct, frozen=True, kw_only=True):
    """They import a file, or got sample data: other commands record which."""


OnboardingStep = WorkspaceStep | SenderStep | DomainStep | VolumeStep | ContactsStep


def answer_onboarding(
    command: OnboardingStep, context: Context, log: EventLog, addresses: AddressChecker
) -> int:
    """Record the answer by the facts that it is, and that the step has one."""
    step, facts = _answered(command, addresses)
    return log.decide(
        WORKSPACE,
        context.workspace_id,
        lambda workspace: onboarding.answer(workspace, step=step, facts=facts(workspace)),
        context,
    )


def _answered(command: OnboardingStep, addresses: AddressChecker) -> tuple[Step, Facts]:
    match command:
        case WorkspaceStep(name=name, brand_name=brand_name):
            zone = known_time_zone(command.time_zone)
            return Step.WORKSPACE, lambda workspace: [
                *profile.rename(workspace, name=name),
                *profile.name_brand(workspace, brand_name=brand_name),
                *profile.choose_time_zone(workspace, time_zone=zone),
            ]
        case SenderStep(sender_name=sender_name, postal_address=postal_address):
            address = valid_address(command.sender_address, addresses)
            return Step.SENDER, lambda workspace: [
                *profile.choose_sender(workspace, sender_name=sender_name, sender_address=address),
                *profile.choose_postal_address(workspace, postal_address=postal_address),
            ]
        case DomainStep():
            domain = valid_address(f"x@{command.sending_domain}", addresses).partition("@")[2]
            return Step.SENDING_DOMAIN, lambda _: [SendingDomainNamed(sending_domain=domain)]
        case VolumeStep(mails_per_month=mails, goal=goal):
            planned = SendingPlanned(mails_per_month=mails, goal=goal)
            return Step.VOLUME_AND_GOAL, lambda _: [planned]
    return Step.CONTACTS, lambda _: []
