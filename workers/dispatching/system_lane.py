"""The transactional lane: system mail, beside the bulk and never behind it, at least once.

It has connections of its own, so that no campaign can occupy them. A mail is claimed, sent and
its outcome recorded, one append each; what a crash leaves is claimed again under the same
Message-ID.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

import structlog

from commands.ports import Effect
from domain.content.errors import UnsafeHeaderError
from domain.delivery.smtp_reply import Cause
from domain.delivery.system_mail import SystemMailError
from domain.shared.model import Fact
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.failpoints import Failpoint, failpoint
from infra.postgres.relay_rates import RelayRates
from infra.postgres.system_mails import ClaimedMail, SystemMailQueue
from infra.smtp.mail import HELD, Accepted, NotSent, Outcome, OutgoingMail, Refused
from workers.acting import acting
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.pacing import Turn
from workers.dispatching.persistence import persist
from workers.dispatching.relay_pool import RelayPool
from workers.dispatching.system_envelopes import SystemEnvelopes
from workers.dispatching.system_settling import SystemSettler
from workers.runtime import Stop

log = structlog.get_logger()

AT_ONCE = 16
NO_RELAY_S = 0.5  # every relay is left alone: held for so long, then anybody's again


class SystemLane:
    """Sends what waits until told to end; `pools` pick relays (False), or the sandbox (True)."""

    def __init__(
        self,
        log_: PostgresEventLog,
        *,
        queue: SystemMailQueue,
        settler: SystemSettler,
        envelopes: SystemEnvelopes,
        pools: Mapping[bool, RelayPool],
        rates: RelayRates,
        poll_s: float,
        why_not: Callable[[], str | None],
    ) -> None:
        self._log = log_
        self._queue = queue
        self._settler = settler
        self._envelopes = envelopes
        self._pools = pools
        self._rates = rates
        self._poll_s = poll_s
        self._why_not = why_not
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self, stop: Stop, *, ending: Callable[[], bool]) -> None:
        """Claim and send until the stop. Raises what a mail's task raised: this life is over."""
        while not (stop or ending()):
            free = 0 if self._why_not() else AT_ONCE - len(self._flying)
            # One that fails may have been committed unseen: the end of this life lets go of it.
            claimed = await asyncio.to_thread(self._queue.claim, limit=free) if free else []
            if claimed:
                failpoint(Failpoint.SYSTEM_MAIL_CLAIMED)
            self._flying |= {asyncio.create_task(self._see_through(mail)) for mail in claimed}
            if len(self._flying) >= AT_ONCE:
                await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
            elif not claimed:
                await stop.sleep(self._poll_s)
            self._land()

    async def drain(self) -> None:
        """Wait for the mails in flight; the caller closes the senders to bound this."""
        await asyncio.gather(*self._flying, return_exceptions=True)

    def _land(self) -> None:
        landed = {task for task in self._flying if task.done()}
        self._flying -= landed
        for task in landed:
            task.result()

    async def _see_through(self, mail: ClaimedMail) -> None:
        pool = self._pools.get(mail.sandbox)
        if pool is None:
            await self._give_up(mail, "no_sandbox", relay="sandbox")
            return
        relay = await pool.pick(mail.workspace_id)
        if relay is None:
            await asyncio.sleep(NO_RELAY_S)
            await persist(lambda: self._queue.release(mail))
            return
        if mail.expires_at <= mail.claimed_at:
            await self._give_up(mail, str(Cause.EXPIRED), relay=relay.name)
            return
        content = await persist(lambda: self._queue.open(mail))
        if content is None:
            await self._give_up(mail, "erased", relay=relay.name)
            return
        try:
            outgoing = await persist(partial(self._envelopes.written, mail, content))
        except (SystemMailError, UnsafeHeaderError) as error:
            log.exception("system_mail_unwritable", mail_id=str(mail.mail_id), error=error)
            await self._give_up(mail, "unwritable", relay=relay.name)
            return
        turn = Turn(self._rates, relay.rate)
        await turn.come_near(1)
        await turn.begin()
        outcome = await self._sent_through(relay, pool, outgoing)
        turn.answered()
        await turn.end()
        if isinstance(outcome, NotSent) and outcome.reason == HELD:
            await persist(lambda: self._queue.release(mail))
            return
        self._say(mail, outcome)
        await self._record(mail.workspace_id, self._settler.settle(mail, outcome, relay=relay.name))

    async def _sent_through(self, relay: OpenRelay, pool: RelayPool, mail: OutgoingMail) -> Outcome:
        """Send it, and tell the others how the relay is."""
        relay.flying += 1
        try:
            outcome = await relay.sender.send_one(mail, may_begin=lambda: self._why_not() is None)
        finally:
            relay.flying -= 1
        if relay.relay_id is not None and not (
            isinstance(outcome, NotSent) and outcome.reason == HELD
        ):
            evidence = relay.learn([outcome], took_s=0)
            if evidence is not None:
                await pool.failed(relay, evidence=evidence)
            elif not isinstance(outcome, NotSent):
                await pool.answered(relay)
        return outcome

    def _say(self, mail: ClaimedMail, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            failpoint(Failpoint.SYSTEM_MAIL_ANSWERED)
            return
        reply = str(outcome.reply.redacted()) if isinstance(outcome, Refused) else outcome.reason
        log.warning(
            "system_mail_not_sent",
            mail_id=str(mail.mail_id),
            kind=mail.kind,
            attempt=mail.attempt,
            reply=reply,
        )

    async def _give_up(self, mail: ClaimedMail, reason: str, *, relay: str) -> None:
        log.warning("system_mail_given_up", mail_id=str(mail.mail_id), reason=reason)
        await self._record(mail.workspace_id, self._settler.give_up(mail, reason, relay=relay))

    async def _record(self, workspace_id: UUID, settled: tuple[Fact, Sequence[Effect]]) -> None:
        fact, effects = settled
        context = acting("dispatcher", workspace_id, new_id())
        await persist(lambda: self._log.record([fact], context, effects=effects))
