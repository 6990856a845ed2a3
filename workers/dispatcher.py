"""The dispatcher: hands queued mail to the relay, each message at most once.

What test keys send goes through a second one in the same process, to the sandbox: it has its own
lease, connections and chunks, so that neither can reach, or delay, what is the other's.

Stages run side by side: while one chunk is on the wire, the next is being handed over and a
further claim is being rendered. A chunk is recorded as handed over before the first byte is
sent; what a crash leaves between the final dot and its reply becomes EmailUncertain.
"""

import asyncio
import functools
import random
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec
import structlog

from domain.delivery.backoff import BULK_SCHEDULE, RetrySchedule
from infra import clock
from infra.bootstrap import Adapters
from infra.crypto.links import SignedLinks
from infra.crypto.return_paths import ReturnPaths
from infra.mime.system_message import Sender
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.dispatcher_leases import RENEW_S, DispatcherLeases, LeaseLostError
from infra.postgres.email_queue import EmailQueue
from infra.postgres.heartbeats import beat
from infra.postgres.relay_rates import RelayRate, RelayRates
from infra.postgres.relays import PostgresRelays
from infra.postgres.sender_hosts import PostgresSenderHosts
from infra.postgres.signing_keys import PostgresSigningKeys
from infra.postgres.system_mails import SystemMailQueue
from infra.settings import SandboxSettings, SmtpSettings
from infra.smtp.options import RelayOptions, TlsPolicy
from infra.smtp.sender import SmtpSender
from workers.dispatching.campaign_mail import CampaignMails, Ready
from workers.dispatching.claiming import Batch, Claimer
from workers.dispatching.handing_over import IN_FLIGHT, HandOver
from workers.dispatching.lease import Lease
from workers.dispatching.open_relay import OpenRelay
from workers.dispatching.persistence import AWAY, persist
from workers.dispatching.recording import OutcomeRecorder
from workers.dispatching.relay_checks import RelayChecks
from workers.dispatching.relay_pool import RelayPool, takes_transactional
from workers.dispatching.settling import Settler
from workers.dispatching.system_envelopes import SystemEnvelopes
from workers.dispatching.system_lane import SystemLane
from workers.dispatching.system_settling import SystemSettler
from workers.kill_switch_watch import KillSwitchWatch
from workers.runtime import Backoff, Stop

log = structlog.get_logger()

NAME = "dispatcher"
CLAIM = 200
AHEAD = 2  # claims that wait, rendered
ON_THE_WAY = 16  # chunks that wait for their turn or are in flight
SYSTEM_CONNECTIONS = 2  # beside the campaigns', so that no campaign can occupy them
POLL_S = 0.1
SANDBOX_POLL_S = 1.0
DRAIN_S = 20.0  # for chunks in flight to end by themselves at the stop
LAST_DRAIN_S = 5.0  # for the message on each connection after that
SWITCH_S = 0.001  # threads render and wait for the database; the wire must not wait for them


class Dispatcher:
    """One life of a dispatcher, under one id; ends at the stop or when its lease is lost."""

    def __init__(
        self,
        adapters: Adapters,
        *,
        sender: SmtpSender,
        relay: str,
        rate_per_s: float = 0,
        retry: RetrySchedule = BULK_SCHEDULE,
        jitter: Callable[[], float] = random.random,
        system_sender: SmtpSender | None = None,
        sandbox: bool = False,
        lanes: Collection[bool] = (False, True),
    ) -> None:
        self._adapters = adapters
        self._system_sender = system_sender or sender
        self._poll_s = SANDBOX_POLL_S if sandbox else POLL_S
        self._queue = EmailQueue(adapters.pool, owner=clock.new_id())
        self._lease = Lease(DispatcherLeases(adapters.pool), owner=self._queue.owner)
        self._watch = KillSwitchWatch(adapters, owner=self._queue.owner)
        settings = adapters.settings
        links = SignedLinks(settings.secret_key, public_url=settings.tracking_url)
        return_paths = ReturnPaths(settings.secret_key, settings.return_path_domain)
        keys = PostgresSigningKeys(adapters.pool, adapters.vault)
        mails = CampaignMails(
            adapters.pool,
            links,
            return_paths=return_paths,
            keys=keys,
            hosts=PostgresSenderHosts(
                adapters.pool,
                settings.domains.setup,
                own_tracking=settings.domains.own_tracking,
            ),
        )
        self._recorder = OutcomeRecorder(adapters.log, self._queue)
        self._rates = RelayRates(adapters.pool, holder=self._queue.owner)
        self._rate = RelayRate(relay, rate_per_s) if rate_per_s > 0 else None
        settler = Settler(
            relay=relay, now=self._lease.now, jitter=jitter, refused=retry, mode=settings.bulk_mode
        )
        relays = None if sandbox else PostgresRelays(adapters.pool, adapters.vault)
        self._checks = RelayChecks(adapters.log, relays) if relays else None
        pool = functools.partial(
            RelayPool,
            adapters.log,
            relays=relays,
            rates=self._rates,
            owner=self._queue.owner,
            now=self._lease.now,
            jitter=jitter,
            max_age_s=settings.smtp.max_age_s,
        )
        default = functools.partial(OpenRelay, name=relay, rate=self._rate, settler=settler)
        self._pool = pool(default=default(sender=sender))
        self._system_pool = pool(
            default=default(sender=self._system_sender),
            takes=takes_transactional,
            most_connections=SYSTEM_CONNECTIONS,
        )
        self._claimer = Claimer(
            adapters,
            self._queue,
            mails,
            sandbox=sandbox,
            may_leave=self._pool.may_leave,
        )
        self._hand_over = HandOver(
            adapters.log,
            queue=self._queue,
            keys=adapters.vault,
            pool=self._pool,
            recorder=self._recorder,
            rates=self._rates,
            why_not=lambda run: self._lease.why_not() or self._watch.why_not(run),
        )
        self._lane = SystemLane(
            adapters.log,
            queue=(
                waiting := SystemMailQueue(
                    adapters.pool, adapters.vault, owner=self._queue.owner, lanes=lanes
                )
            ),
            settler=SystemSettler(queue=waiting, now=self._lease.now, jitter=jitter),
            envelopes=SystemEnvelopes(
                Sender(*settings.system_mail_from), return_paths=return_paths, keys=keys
            ),
            pools={sandbox: self._system_pool},
            rates=self._rates,
            poll_s=self._poll_s,
            why_not=lambda: self._lease.why_not() or self._watch.why_not_system(),
        )
        self._ready: asyncio.Queue[Batch | None] = asyncio.Queue(AHEAD)
        self._free = asyncio.Semaphore(ON_THE_WAY)
        # Without a rate a chunk that waits only keeps others' mail from being next.
        self._unpaced = asyncio.Semaphore(IN_FLIGHT)
        self._ending = False

    async def run(self, stop: Stop) -> None:
        """Dispatch until the stop; what is in flight is finished and recorded."""
        await asyncio.to_thread(self._lease.sign_on)
        await self._watch.look()
        watching = asyncio.create_task(self._watch.run())
        watching.add_done_callback(self._watch_ended)
        if (rate := self._rate) is not None:
            await persist(lambda: self._rates.allow(rate))
        recording = asyncio.create_task(self._recorder.run())
        recording.add_done_callback(self._recorded)
        renewing = asyncio.create_task(self._renew())
        looking = [asyncio.create_task(one.run()) for one in (self._pool, self._system_pool)]
        if self._checks is not None:
            looking.append(asyncio.create_task(self._checks.run()))
        claiming = asyncio.create_task(self._claim(stop))
        lane = asyncio.create_task(self._lane.run(stop, ending=lambda: self._ending))
        lane.add_done_callback(self._lane_ended)
        try:
            await self._dispatch(stop)
        finally:
            self._ending = True
            claiming.cancel()  # ended already, unless dispatching failed
            self._recorder.close()
            await asyncio.gather(recording, return_exceptions=True)
            await asyncio.gather(lane, return_exceptions=True)
            await self._system_pool.aclose(drain_s=LAST_DRAIN_S)
            await self._lane.drain()
            beside = [*looking, renewing, watching]
            for task in beside:
                task.cancel()
            await asyncio.gather(claiming, *beside, return_exceptions=True)
            await self._sign_off()

    async def _claim(self, stop: Stop) -> None:
        """Keep the next claims rendered; None in the queue says that no more will come."""
        while not (stop or self._ending):
            try:
                batch = await asyncio.to_thread(self._claimer.next_batch, limit=CLAIM)
            except Exception as error:
                # The claim may have been committed unseen; the end of this life lets go of it.
                log.exception("claim_failed", error=error)
                self._ending = True
                break
            if batch is None:
                await stop.sleep(self._poll_s)
            else:
                await self._ready.put(batch)
        await self._ready.put(None)

    async def _dispatch(self, stop: Stop) -> None:
        """Cut batches into chunks and keep a few of them in flight; at the stop, let go."""
        flying: set[asyncio.Task[None]] = set()
        while (batch := await self._ready.get()) is not None:
            mails = batch.mails
            while mails and not (stop or self._ending):
                await self._free.acquire()
                relay = await self._pool.pick(batch.run.workspace_id)
                if relay is None:
                    self._free.release()
                    await stop.sleep(self._poll_s)
                    break
                if relay.rate is None:
                    await self._unpaced.acquire()
                chunk, mails = mails[: relay.chunk], mails[relay.chunk :]
                task = asyncio.create_task(self._hand_over.send(batch.run, chunk, relay))
                if relay.rate is None:
                    task.add_done_callback(lambda _: self._unpaced.release())
                flying.add(task)
                task.add_done_callback(flying.discard)
                task.add_done_callback(self._landed)
            if mails:
                await self._release(batch.run, mails)
        if flying:
            await asyncio.wait(flying, timeout=DRAIN_S)
        await self._pool.aclose(drain_s=LAST_DRAIN_S)
        await asyncio.gather(*flying, return_exceptions=True)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._free.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("chunk_failed", exc_info=error)
            self._ending = True  # its messages are released or recovered with this life's end

    def _recorded(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("recording_failed", exc_info=error)
            self._ending = True  # what was not recorded becomes uncertain with this life's end

    def _lane_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("system_lane_failed", exc_info=error)
            self._ending = True  # its mail is free again with this life's end

    def _watch_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("kill_switch_watch_failed", exc_info=error)
            self._ending = True  # nobody would see the next switch

    async def _release(self, run: CampaignRun, mails: Sequence[Ready]) -> None:
        messages = [ready.task.message_id for ready in mails]
        await persist(lambda: self._queue.release(run.workspace_id, messages))

    async def _sign_off(self) -> None:
        """Let go of what may be left; a lease that cannot be given back runs out."""
        try:
            await asyncio.to_thread(self._lease.sign_off)
        except AWAY as error:
            log.warning("dispatcher_not_signed_off", error=error)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await asyncio.to_thread(self._lease.renew)
                await asyncio.to_thread(beat, self._adapters.pool, NAME)
            except LeaseLostError as error:
                log.warning("dispatcher_lease_lost", error=str(error))
                self._ending = True
            except Exception as error:  # noqa: BLE001 - the lease decides, not this attempt
                log.warning("dispatcher_renewal_failed", error=error)


async def run(adapters: Adapters, stop: Stop) -> None:
    """Dispatch through the relay of the settings, and to the sandbox if there is one."""
    sys.setswitchinterval(SWITCH_S)
    smtp, sandbox = adapters.settings.smtp, adapters.settings.sandbox
    has_sandbox = bool(sandbox.host)

    async def life() -> None:
        options = relay_options(smtp)
        own = msgspec.structs.replace(options, connections=SYSTEM_CONNECTIONS)
        async with SmtpSender(options) as sender, SmtpSender(own) as system_sender:
            dispatcher = Dispatcher(
                adapters,
                sender=sender,
                relay=f"{smtp.host}:{smtp.port}",
                rate_per_s=smtp.rate_per_s,
                system_sender=system_sender,
                lanes=(False,) if has_sandbox else (False, True),
            )
            await dispatcher.run(stop)

    async def sandbox_life() -> None:
        async with SmtpSender(sandbox_options(sandbox)) as sender:
            relay = f"{sandbox.host}:{sandbox.port}"
            dispatcher = Dispatcher(
                adapters, sender=sender, relay=relay, sandbox=True, lanes=(True,)
            )
            await dispatcher.run(stop)

    lives = [life, sandbox_life] if has_sandbox else [life]
    await asyncio.gather(*(live(stop, one) for one in lives))


async def live(stop: Stop, life: Callable[[], Awaitable[None]]) -> None:
    """Begin a new life after each that ended before the stop."""
    backoff = Backoff()
    while not stop:
        try:
            await life()
            backoff.succeeded()
        except Exception as error:
            log.exception("dispatcher_failed", error=error)
        if not stop:
            await stop.sleep(backoff.pause())


def relay_options(smtp: SmtpSettings) -> RelayOptions:
    """Return how the relay of the settings is reached."""
    return RelayOptions(
        host=smtp.host,
        port=smtp.port,
        username=smtp.username or None,
        password=smtp.password.reveal() or None,
        tls=TlsPolicy(smtp.tls.value),
        connections=smtp.connections,
        max_age_s=smtp.max_age_s,
    )


def sandbox_options(sandbox: SandboxSettings) -> RelayOptions:
    """Return how the sandbox is reached: no credentials, encrypted only if it offers that."""
    return RelayOptions(
        host=sandbox.host, port=sandbox.port, tls=TlsPolicy.MAY, connections=SYSTEM_CONNECTIONS
    )
