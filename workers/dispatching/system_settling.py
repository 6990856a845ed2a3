"""What the sender's outcome means for a mail of the system: tried until it is out or too late."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.delivery.backoff import (
    TRANSACTIONAL,
    TRANSACTIONAL_SCHEDULE,
    RetryPolicy,
    RetrySchedule,
    next_attempt_at,
    retry_hint_s,
)
from domain.delivery.events import SystemMailDeferred, SystemMailFailed, SystemMailSent
from domain.delivery.smtp_reply import Cause, Disposition, SmtpReply, judge
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Event, Fact
from infra.postgres.system_mails import ClaimedMail, SystemMailQueue, dead_letter
from infra.smtp.mail import Accepted, NotSent, Outcome, Refused, Uncertain

# Nobody was asked anything, or nobody answered: soon again.
UNREACHED = RetryPolicy(
    first_s=5, factor=2.0, max_s=300, expire_after_s=TRANSACTIONAL.expire_after_s
)


class _About(TypedDict):
    mail_id: UUID
    kind: str
    subject_id: UUID
    attempt: int
    relay: str
    sandbox: bool


class SystemSettler(msgspec.Struct, frozen=True, kw_only=True):
    """Turns outcomes into a fact and effects; time and `jitter` (0..1) are passed in."""

    queue: SystemMailQueue
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    refused: RetrySchedule = TRANSACTIONAL_SCHEDULE
    unreached: RetryPolicy = UNREACHED

    def settle(
        self, mail: ClaimedMail, outcome: Outcome, *, relay: str
    ) -> tuple[Fact, Sequence[Effect]]:
        """Return what to record. An uncertain mail goes again: at least once."""
        match outcome:
            case Accepted():
                sent = SystemMailSent(**_about(mail, relay))
                return _fact(mail, sent), [self.queue.remove(mail)]
            case Uncertain() | NotSent():
                reply = outcome.reply if isinstance(outcome, NotSent) else None
                return self._again(
                    mail,
                    reply or SmtpReply(0, None, ""),
                    policy=self.unreached,
                    relay=relay,
                    reason=outcome.reason,
                )
            case Refused():
                verdict = judge(outcome.reply, phase=outcome.phase)
                cause = str(verdict.cause)
                if verdict.disposition is Disposition.TRANSIENT:
                    policy = self.refused.policy(verdict.cause)
                    return self._again(
                        mail, outcome.reply, policy=policy, relay=relay, reason=cause
                    )
                return self.give_up(mail, cause, relay=relay, reply=outcome.reply)

    def give_up(
        self, mail: ClaimedMail, reason: str, *, relay: str, reply: SmtpReply | None = None
    ) -> tuple[Fact, Sequence[Effect]]:
        """Return the fact and the dead letter; content and link are wiped.

        What the server said beyond its codes is in the dispatcher's log alone: it may name people.
        """
        reply = reply or SmtpReply(0, None, "")
        failed = SystemMailFailed(
            **_about(mail, relay),
            code=reply.code,
            status=reply.status,
            reason=reason,
        )
        letter = dead_letter(
            mail,
            code=reply.code,
            status=reply.status,
            reason=reason,
            transcript=f"attempt {mail.attempt} at {relay}: {reply.codes}",
        )
        return _fact(mail, failed), [self.queue.remove(mail), letter]

    def _again(
        self,
        mail: ClaimedMail,
        reply: SmtpReply,
        *,
        policy: RetryPolicy,
        relay: str,
        reason: str,
    ) -> tuple[Fact, Sequence[Effect]]:
        due = next_attempt_at(
            policy,
            attempt=mail.attempt,
            queued_at=mail.queued_at,
            now=self.now(),
            jitter=self.jitter(),
            hint_s=retry_hint_s(reply.text),
            expires_at=mail.expires_at,
        )
        if due is None:
            return self.give_up(mail, str(Cause.EXPIRED), relay=relay, reply=reply)
        deferred = SystemMailDeferred(
            **_about(mail, relay),
            code=reply.code,
            status=reply.status,
            reason=reason,
            retry_at_ms=int(due.timestamp() * 1000),
        )
        return _fact(mail, deferred), [self.queue.defer(mail, due)]


def _about(mail: ClaimedMail, relay: str) -> _About:
    return {
        "mail_id": mail.mail_id,
        "kind": mail.kind,
        "subject_id": mail.subject_id,
        "attempt": mail.attempt,
        "relay": relay,
        "sandbox": mail.sandbox,
    }


def _fact(mail: ClaimedMail, event: Event) -> Fact:
    """Return the fact; an attempt has one outcome, whoever records it first."""
    about = (b"system-mail", mail.mail_id.bytes, mail.attempt.to_bytes(4, "big"))
    return Fact(derive_id(time_ms_of(mail.mail_id), *about), event)
