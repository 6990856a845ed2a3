"""What the sender's outcome means: the fact to record, and what becomes of the task."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypedDict
from uuid import UUID

import msgspec

from domain.delivery.backoff import (
    BULK,
    BULK_SCHEDULE,
    RetryPolicy,
    RetrySchedule,
    next_attempt_at,
    retry_hint_s,
)
from domain.delivery.delivery_mode import repeated, sends_again
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.events import (
    EmailBounced,
    EmailDeferred,
    EmailFailed,
    EmailSent,
    EmailUncertain,
    SkipReason,
)
from domain.delivery.fact_ids import outcome_id
from domain.delivery.smtp_reply import Cause, Disposition, Phase, SmtpReply, judge
from domain.shared.model import Event, Fact
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.dead_letters import DeadLetter
from infra.postgres.email_queue import Claimed
from infra.smtp.mail import Accepted, NotSent, Outcome, Refused, Uncertain
from workers.dispatching.skips import skipped

# For messages that never got through to the relay: it is away, nobody was asked anything.
UNREACHED = RetryPolicy(first_s=5, factor=2.0, max_s=300, expire_after_s=BULK.expire_after_s)


class _Attempt(TypedDict):
    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    relay: str
    sandbox: bool
    sending_domain: str
    destination: str


class _Refusal(_Attempt):
    code: int
    status: str
    reply: str


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """One message's outcome: its fact; `due_at` when it is tried again, else it is over."""

    workspace_id: UUID
    message_id: UUID
    fact: Fact
    due_at: datetime | None = None
    letter: DeadLetter | None = None
    repeat: Fact | None = None
    """That a message in doubt is sent again; goes into the log with `fact`."""


class Settler(msgspec.Struct, frozen=True, kw_only=True):
    """Turns outcomes into facts; time and `jitter` (0..1) are passed in."""

    relay: str
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    refused: RetrySchedule = BULK_SCHEDULE
    unreached: RetryPolicy = UNREACHED
    mode: DeliveryMode = DeliveryMode.AT_MOST_ONCE

    def settle(self, run: CampaignRun, task: Claimed, outcome: Outcome) -> Settled:
        """Return what to record for this attempt."""
        match outcome:
            case Accepted():
                reply = str(outcome.reply.redacted())
                sent = EmailSent(**self._attempt(run, task), reply=reply)
                return _settled(run, task, sent)
            case Uncertain():
                return self._in_doubt(run, task, outcome)
            case NotSent():
                reply_or_none = outcome.reply or SmtpReply(0, None, f"not sent: {outcome.reason}")
                return self._again(run, task, reply_or_none, policy=self.unreached, phase="connect")
            case Refused():
                return self._refused(run, task, outcome.reply, outcome.phase)

    def _in_doubt(self, run: CampaignRun, task: Claimed, outcome: Uncertain) -> Settled:
        """Let it stay uncertain, or send it again and say so, as the mode of delivery has it."""
        attempt = task.attempt + 1
        lost = EmailUncertain(**self._attempt(run, task), reason=outcome.reason)
        mode = DeliveryMode(run.mode) if run.mode else self.mode
        due = self._due(run, task, self.unreached) if sends_again(mode, attempt=attempt) else None
        settled = _settled(run, task, lost, due_at=due)
        if due is None:
            return settled
        again = repeated(
            message_id=task.message_id,
            campaign_id=run.campaign_id,
            contact_id=task.contact_id,
            attempt=attempt,
        )
        return msgspec.structs.replace(settled, repeat=again)

    def hold(self, run: CampaignRun, task: Claimed, *, gate: str) -> Settled:
        """Return what to record of a message that the gate stopped just before MAIL FROM."""
        if gate == "cancelled":
            return self.skip(run, task, SkipReason.CANCELLED)
        due = self.now() + timedelta(seconds=1)
        held = SmtpReply(0, None, f"held back: the campaign is {gate}")
        return self._deferred(run, task, held, due)

    def skip(self, run: CampaignRun, task: Claimed, reason: SkipReason) -> Settled:
        """Return what to record of somebody who may not be mailed any more."""
        fact = skipped(
            task.message_id,
            campaign_id=run.campaign_id,
            contact_id=task.contact_id,
            reason=reason,
        )
        return Settled(workspace_id=run.workspace_id, message_id=task.message_id, fact=fact)

    def _refused(self, run: CampaignRun, task: Claimed, reply: SmtpReply, phase: Phase) -> Settled:
        verdict = judge(reply, phase=phase)
        if verdict.disposition is Disposition.TRANSIENT:
            policy = self.refused.policy(verdict.cause)
            return self._again(run, task, reply, policy=policy, phase=phase)
        if verdict.suppresses:
            bounced = EmailBounced(**self._refusal(run, task, reply))
            return _settled(run, task, bounced)
        return self._failed(run, task, reply, reason=verdict.cause, phase=phase)

    def _again(
        self, run: CampaignRun, task: Claimed, reply: SmtpReply, *, policy: RetryPolicy, phase: str
    ) -> Settled:
        due = self._due(run, task, policy, hint_s=retry_hint_s(reply.text))
        if due is None:
            return self._failed(run, task, reply, reason=Cause.EXPIRED, phase=phase)
        return self._deferred(run, task, reply, due)

    def _due(
        self, run: CampaignRun, task: Claimed, policy: RetryPolicy, *, hint_s: int | None = None
    ) -> datetime | None:
        return next_attempt_at(
            policy,
            attempt=task.attempt + 1,
            queued_at=task.life_from or datetime.fromtimestamp(run.launched_at_ms / 1000, UTC),
            now=self.now(),
            jitter=self.jitter(),
            hint_s=hint_s,
        )

    def _deferred(
        self, run: CampaignRun, task: Claimed, reply: SmtpReply, due: datetime
    ) -> Settled:
        deferred = EmailDeferred(
            **self._refusal(run, task, reply), retry_at_ms=int(due.timestamp() * 1000)
        )
        return _settled(run, task, deferred, due_at=due)

    def _failed(
        self, run: CampaignRun, task: Claimed, reply: SmtpReply, *, reason: Cause, phase: str
    ) -> Settled:
        letter = DeadLetter(
            message_id=task.message_id,
            campaign_id=run.campaign_id,
            contact_id=task.contact_id,
            attempt=task.attempt + 1,
            code=reply.code,
            status=reply.status,
            reason=str(reason),
            transcript=f"attempt {task.attempt + 1} at {self.relay}, {phase}: {reply.redacted()}",
        )
        failed = EmailFailed(**self._refusal(run, task, reply), reason=str(reason))
        return _settled(run, task, failed, letter=letter)

    def _refusal(self, run: CampaignRun, task: Claimed, reply: SmtpReply) -> _Refusal:
        return {
            **self._attempt(run, task),
            "code": reply.code,
            "status": reply.status,
            "reply": str(reply.redacted()),
        }

    def _attempt(self, run: CampaignRun, task: Claimed) -> _Attempt:
        return {
            "message_id": task.message_id,
            "campaign_id": run.campaign_id,
            "contact_id": task.contact_id,
            "attempt": task.attempt + 1,
            "relay": self.relay,
            "sandbox": run.sandbox,
            "sending_domain": run.sending_domain,
            "destination": run.destination,
        }


def _settled(
    run: CampaignRun,
    task: Claimed,
    event: Event,
    *,
    due_at: datetime | None = None,
    letter: DeadLetter | None = None,
) -> Settled:
    return Settled(
        workspace_id=run.workspace_id,
        message_id=task.message_id,
        fact=Fact(outcome_id(task.message_id, task.attempt + 1), event),
        due_at=due_at,
        letter=letter,
    )
