"""Write routes of the onboarding: each step is saved by itself, in any order, at any time."""

import msgspec
from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.ports import Uploads
from commands.ports import EventLog, ImportIntake, Sanitizer
from commands.tenancy.answer_onboarding import (
    ContactsStep,
    DomainStep,
    SenderStep,
    VolumeStep,
    WorkspaceStep,
    answer_onboarding,
)
from commands.tenancy.sample_data import add_sample_data
from commands.tenancy.skip_onboarding_step import SkipOnboardingStep, skip_onboarding_step
from domain.contacts.email_address import AddressChecker
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.onboarding import (
    ContactsAnswer,
    DomainAnswer,
    SenderAnswer,
    SkippedStep,
    VolumeAnswer,
    WorkspaceAnswer,
)


@put(
    "/v1/onboarding/workspace",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Say who you are",
    tags=["onboarding"],
)
def put_onboarding_workspace(
    data: JSONBody[WorkspaceAnswer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
) -> Accepted:
    """Save name, brand and time zone."""
    command = WorkspaceStep(**msgspec.structs.asdict(data))
    position = answer_onboarding(command, context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@put(
    "/v1/onboarding/sender",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Say as whom you send",
    tags=["onboarding"],
)
def put_onboarding_sender(
    data: JSONBody[SenderAnswer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
) -> Accepted:
    """Save sender and postal address, without which nothing is sent."""
    command = SenderStep(**msgspec.structs.asdict(data))
    position = answer_onboarding(command, context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@put(
    "/v1/onboarding/sending_domain",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Name your sending domain",
    tags=["onboarding"],
)
def put_onboarding_domain(
    data: JSONBody[DomainAnswer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
) -> Accepted:
    """Save it; nothing is proved about it yet."""
    command = DomainStep(**msgspec.structs.asdict(data))
    position = answer_onboarding(command, context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@put(
    "/v1/onboarding/volume_and_goal",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Say how much you mean to send",
    tags=["onboarding"],
)
def put_onboarding_volume(
    data: JSONBody[VolumeAnswer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
) -> Accepted:
    """Save the plan."""
    command = VolumeStep(**msgspec.structs.asdict(data))
    position = answer_onboarding(command, context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@put(
    "/v1/onboarding/contacts",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Bring contacts, or try with samples",
    tags=["onboarding"],
)
def put_onboarding_contacts(
    data: JSONBody[ContactsAnswer],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    addresses: NamedDependency[SkipValidation[AddressChecker]],
    sanitizer: NamedDependency[SkipValidation[Sanitizer]],
    uploads: NamedDependency[SkipValidation[Uploads]],
    intake: NamedDependency[SkipValidation[ImportIntake]],
) -> Accepted:
    """`sample` adds a small list and a template, once; `import` says that you bring a file."""
    if data.source == "sample":
        add_sample_data(context, log, sanitizer, uploads, intake)
    position = answer_onboarding(ContactsStep(), context, log, addresses)
    return Accepted(id=context.workspace_id, position=position)


@post(
    "/v1/onboarding/skip",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "workspace:write"},
    summary="Skip a step",
    tags=["onboarding"],
)
def post_onboarding_skip(
    data: JSONBody[SkippedStep],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Leave it open for now; it can be answered at any time."""
    position = skip_onboarding_step(SkipOnboardingStep(step=data.step), context, log)
    return Accepted(id=context.workspace_id, position=position)
