"""Write routes of suppressions: suppress an address, lift one reason."""

from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.contacts.lift_suppression import LiftSuppression, lift_suppression
from commands.contacts.ports import Addresses
from commands.contacts.suppress_address import SuppressAddress, suppress_address
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import SuppressionReason, SuppressionSource
from domain.contacts.suppression import Grounds
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.suppressions import LiftedSuppression, NewSuppression


@post(
    "/v1/suppressions",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Suppress an address",
    tags=["contacts"],
)
def post_suppression(
    data: JSONBody[NewSuppression],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    do_not_mail: NamedDependency[SkipValidation[DoNotMail]],
    mail_addresses: NamedDependency[SkipValidation[Addresses]],
) -> Accepted:
    """Stop all mail to an address; one that is nobody's yet is suppressed when it is imported."""
    grounds = Grounds(
        reason=SuppressionReason(data.reason),
        source=SuppressionSource.API,
        detail=data.note,
        expires_at=data.expires_at,
    )
    command = SuppressAddress(email=data.email, grounds=grounds)
    contact_id, position = suppress_address(command, context, log, do_not_mail, mail_addresses)
    return Accepted(id=contact_id, position=position)


@delete(
    "/v1/suppressions/{contact_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Lift a suppression",
    tags=["contacts"],
)
def delete_suppression(
    contact_id: FromPath[UUID],
    data: JSONBody[LiftedSuppression],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    do_not_mail: NamedDependency[SkipValidation[DoNotMail]],
    mail_addresses: NamedDependency[SkipValidation[Addresses]],
) -> Accepted:
    """Let mail go again as far as this reason goes; other reasons stay."""
    command = LiftSuppression(
        contact_id=contact_id,
        reason=SuppressionReason(data.reason),
        detail=data.note,
        acknowledged=data.acknowledged,
    )
    position = lift_suppression(command, context, log, do_not_mail, mail_addresses)
    return Accepted(id=contact_id, position=position)
