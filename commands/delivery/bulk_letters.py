"""Dead letters by filter: a bounded number at a call, each chunk in one transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from commands.delivery.ports import DeadLetters, LetterFilter
from commands.ports import Effect, EventLog
from domain.delivery.dead_letter import DeadLetter
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError, DomainError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Fact

MOST = 5_000
CHUNK = 500
Decide = Callable[[DeadLetter, UUID], Fact]
MakeEffect = Callable[[Sequence[DeadLetter], UUID], Effect]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How many were settled, how many refused by code; `more` when the bound was reached."""

    settled: int
    refused: dict[str, int]
    more: bool


def settle_matching(
    wanted: LetterFilter,
    context: Context,
    log: EventLog,
    letters: DeadLetters,
    *,
    decide: Decide,
    effect: MakeEffect,
) -> Settled:
    """Decide on every open letter that matches; what the rules refuse stays, and is counted.

    A crash in between leaves whole chunks done; the same request again goes on with the rest.
    """
    settled, refused, more = 0, Counter[str](), False
    for page in letters.pages(context.workspace_id, wanted, limit=CHUNK):
        if settled >= MOST:
            more = True
            break
        command_id = _chunk_id(context.command_id, page)
        chunk: list[tuple[DeadLetter, Fact]] = []
        for letter in page:
            try:
                chunk.append((letter, decide(letter, command_id)))
            except DomainError as error:
                refused[error.code] += 1
        if not chunk:
            continue
        made = effect([letter for letter, _ in chunk], command_id)
        each = msgspec.structs.replace(context, command_id=command_id)
        try:
            log.record([fact for _, fact in chunk], each, effects=[made])
            settled += len(chunk)
        except ConcurrentChangeError as error:  # somebody else settled one of them meanwhile
            refused[error.code] += len(chunk)
    return Settled(settled=settled, refused=dict(refused), more=more)


def _chunk_id(command_id: UUID, page: Sequence[DeadLetter]) -> UUID:
    """Name the command by what it is about: a repeated request meets other chunks."""
    ids = b"".join(letter.message_id.bytes for letter in page)
    return derive_id(time_ms_of(command_id), b"letters", command_id.bytes, ids)
