"""The questions to a new workspace as the API asks them."""

from typing import Annotated, Literal

import msgspec

from domain.tenancy.events import Step
from schemas.http.fields import Line, Request
from schemas.http.tenancy import EmailAddress, PostalAddress, TimeZone


class OnboardingStep(msgspec.Struct, frozen=True, kw_only=True):
    """One question, and whether it has its answer."""

    step: Step
    state: Literal["open", "answered", "skipped"]


class Onboarding(msgspec.Struct, frozen=True, kw_only=True):
    """All questions in their order; `next` is null when each has its answer."""

    steps: list[OnboardingStep]
    next: Step | None


class SkippedStep(Request, frozen=True, kw_only=True):
    """What you do not want to answer now."""

    step: Step


class WorkspaceAnswer(Request, frozen=True, kw_only=True):
    """Who you are."""

    name: Line
    brand_name: Line
    time_zone: TimeZone


class SenderAnswer(Request, frozen=True, kw_only=True):
    """As whom you send, and where you can be reached by post."""

    sender_name: Line
    sender_address: EmailAddress
    postal_address: PostalAddress


class DomainAnswer(Request, frozen=True, kw_only=True):
    """From which domain you want to send."""

    sending_domain: Annotated[str, msgspec.Meta(min_length=3, max_length=253)]


class VolumeAnswer(Request, frozen=True, kw_only=True):
    """How much you mean to send, and what for."""

    mails_per_month: Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000)]
    goal: Line


class ContactsAnswer(Request, frozen=True, kw_only=True):
    """`sample`: make a small list and a template; `import`: you bring your own file."""

    source: Literal["import", "sample"]
