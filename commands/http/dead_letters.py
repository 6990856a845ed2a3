"""Write routes of messages that were given up."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.delivery.bulk_letters import Settled
from commands.delivery.discard_dead_letter import DiscardDeadLetter, discard_dead_letter
from commands.delivery.discard_dead_letters import DiscardDeadLetters, discard_dead_letters
from commands.delivery.ports import DeadLetters, LetterFilter
from commands.delivery.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter
from commands.delivery.redrive_dead_letters import RedriveDeadLetters, redrive_dead_letters
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.dead_letters import Matching, Reason, SettledLetters


@post(
    "/v1/dead-letters/{message_id:uuid}/redrive",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Send a message again that was given up",
    tags=["messages"],
)
def post_redrive(
    message_id: FromPath[UUID],
    data: JSONBody[Reason],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    dead_letters: NamedDependency[SkipValidation[DeadLetters]],
) -> Accepted:
    """Queue it with the same ids and a fresh retry life; 409 for who may not be mailed."""
    command = RedriveDeadLetter(message_id=message_id, reason=data.reason)
    return Accepted(
        id=message_id, position=redrive_dead_letter(command, context, log, dead_letters)
    )


@post(
    "/v1/dead-letters/redrive",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Send all messages again that match",
    tags=["messages"],
)
def post_redrive_matching(
    data: JSONBody[Matching],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    dead_letters: NamedDependency[SkipValidation[DeadLetters]],
) -> SettledLetters:
    """Queue some thousands at a call; ask again while there is `more`."""
    command = RedriveDeadLetters(wanted=_filter(data), reason=data.reason)
    return _settled(redrive_dead_letters(command, context, log, dead_letters))


@post(
    "/v1/dead-letters/{message_id:uuid}/discard",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Put a message away that was given up",
    tags=["messages"],
)
def post_discard(
    message_id: FromPath[UUID],
    data: JSONBody[Reason],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    dead_letters: NamedDependency[SkipValidation[DeadLetters]],
) -> Accepted:
    """Nobody sends it again."""
    command = DiscardDeadLetter(message_id=message_id, reason=data.reason)
    return Accepted(
        id=message_id, position=discard_dead_letter(command, context, log, dead_letters)
    )


@post(
    "/v1/dead-letters/discard",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Put all messages away that match",
    tags=["messages"],
)
def post_discard_matching(
    data: JSONBody[Matching],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    dead_letters: NamedDependency[SkipValidation[DeadLetters]],
) -> SettledLetters:
    """Discard some thousands at a call; ask again while there is `more`."""
    command = DiscardDeadLetters(wanted=_filter(data), reason=data.reason)
    return _settled(discard_dead_letters(command, context, log, dead_letters))


def _filter(data: Matching) -> LetterFilter:
    return LetterFilter(
        campaign_id=data.campaign_id,
        failed_for=data.failed_for,
        code=data.code,
        since=data.since,
    )


def _settled(done: Settled) -> SettledLetters:
    return SettledLetters(settled=done.settled, refused=done.refused, more=done.more)
