"""The questions to a new workspace as commands: each answer is facts, sample data is made once."""

from typing import BinaryIO
from uuid import UUID, uuid4

import pytest

from commands.ports import DeclaredConsent
from commands.tenancy.answer_onboarding import (
    ContactsStep,
    DomainStep,
    OnboardingStep,
    SenderStep,
    VolumeStep,
    WorkspaceStep,
    answer_onboarding,
)
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from commands.tenancy.sample_data import CONTACTS_CSV, TEMPLATE_HTML, add_sample_data
from commands.tenancy.skip_onboarding_step import SkipOnboardingStep, skip_onboarding_step
from domain.contacts.email_address import ValidAddress
from domain.shared.errors import InvalidInputError
from domain.tenancy.events import OnboardingStepSkipped, Step
from infra.clock import new_id
from infra.email_addresses import EmailValidator
from infra.eventstore.memory import MemoryEventLog
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.asking import asking
from tests.support.memory_ports import Said

HERE = new_id()


class MemoryIntake:
    """The ports of uploads and of the importer."""

    def __init__(self) -> None:
        self.files: dict[UUID, bytes] = {}

    def keep(self, workspace_id: UUID, import_id: UUID, file: BinaryIO) -> None:
        del workspace_id
        self.files[import_id] = file.read()

    def begin(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        size_bytes: int,
        consent: DeclaredConsent,
    ) -> Said:
        return Said("begin", (workspace_id, import_id, mapping, size_bytes, consent.source))


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    command = CreateWorkspace(
        workspace_id=HERE,
        name="Acme",
        sender_name="Acme",
        sender_address="news@acme.example",
        postal_address="1 Main Street",
    )
    create_workspace(command, asking(HERE), log)
    return log


def told(log: MemoryEventLog) -> list[str]:
    return [event.TAG.split(".")[1] for _, _, event in log.events[1:]]


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        (
            WorkspaceStep(name="Acme 2", brand_name="A", time_zone="Europe/Berlin"),
            ["workspace_renamed", "brand_named", "time_zone_chosen"],
        ),
        (
            SenderStep(sender_name="B", sender_address="b@acme.example", postal_address="2 Street"),
            ["sender_chosen", "postal_address_chosen"],
        ),
        (DomainStep(sending_domain="Acme.example"), ["sending_domain_named"]),
        (VolumeStep(mails_per_month=5, goal="news"), ["sending_planned"]),
        (ContactsStep(), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_is_its_facts_and_that_there_is_one(
    log: MemoryEventLog, answer: OnboardingStep, facts: list[str]
) -> None:
    answer_onboarding(answer, asking(HERE), log, EmailValidator())
    assert told(log) == [*facts, "onboarding_step_answered"]


def test_what_is_no_domain_or_time_zone_is_refused(log: MemoryEventLog) -> None:
    for wrong in (
        DomainStep(sending_domain="a b"),
        WorkspaceStep(name="A", brand_name="A", time_zone="Moon/Base"),
    ):
        with pytest.raises(InvalidInputError):
            answer_onboarding(wrong, asking(HERE), log, EmailValidator())
    assert told(log) == []


def test_a_step_is_skipped(log: MemoryEventLog) -> None:
    skip_onboarding_step(SkipOnboardingStep(step=Step.SENDER), asking(HERE), log)
    assert log.events[-1][2] == OnboardingStepSkipped(step=Step.SENDER)


def test_sample_data_is_made_once_a_workspace(log: MemoryEventLog) -> None:
    intake = MemoryIntake()
    for _ in range(2):
        add_sample_data(asking(HERE), log, Nh3Sanitizer(), intake, intake)
    assert told(log) == ["template_added", "import_requested"]
    assert list(intake.files.values()) == [CONTACTS_CSV]
    other = asking(uuid4())
    add_sample_data(other, log, Nh3Sanitizer(), intake, intake)
    assert len(intake.files) == 2


def test_sample_mail_goes_nowhere() -> None:
    """Addresses and links are in domains that are reserved for documentation (RFC 2606)."""
    addresses = [line.split(",")[0] for line in CONTACTS_CSV.decode().splitlines()[1:]]
    assert len(addresses) == 6
    for address in addresses:
        assert isinstance(EmailValidator().check(address), ValidAddress)
        assert address.partition("@")[2] in {"example.com", "example.net", "example.org"}
    assert "https://example.com/" in TEMPLATE_HTML
