"""A workspace that can send: people, a template, campaigns, and the workers one step at a time."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID, uuid4

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.campaigns.resume_campaign import ResumeCampaign, resume_campaign
from commands.campaigns.schedule_campaign import ScheduleCampaign, schedule_campaign
from commands.contacts.unsubscribe_contact import UnsubscribeContact, unsubscribe_contact
from domain.contacts.events import Channel, ContactImported
from domain.content import decider as content_decider
from domain.content.decider import TEMPLATE
from domain.content.events import TemplateAdded
from domain.delivery.backoff import BULK_SCHEDULE, RetrySchedule
from domain.shared.ids import derive_id
from domain.shared.model import Event, Fact
from domain.tenancy import decider as tenancy_decider
from domain.tenancy.decider import WORKSPACE
from infra.bootstrap import Adapters
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.snapshots import PostgresSnapshots
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from infra.smtp.options import RelayOptions, TlsPolicy
from infra.smtp.sender import SmtpSender
from projections.registry import PROJECTIONS
from tests.support.asking import asking
from tests.support.faulty_smtp import FaultySmtp, Script, faulty_smtp
from tests.support.installation import TEST_SECRET
from workers import projector
from workers.audience_expander import AudienceExpander
from workers.dispatcher import Dispatcher
from workers.policy_runner import Follower, policies
from workers.runtime import Stop
from workers.scheduler import Scheduler

E = TypeVar("E", bound=Event)
BORN_MS = 1_780_000_000_000
HTML = (
    '<html><body><p>Hello {{ first_name | default: "friend" }}</p>'
    '<a href="https://example.com/a">one</a> <a href="https://example.com/b">two</a></body></html>'
)
_ADDRESSES = """
INSERT INTO contact_addresses (workspace_id, address_key, contact_id)
SELECT %(workspace_id)s, uuid_send(c), c FROM unnest(%(contacts)s::uuid[]) AS c
"""


class Mailing:
    """One workspace; `worker` adapters for the workers, `app` for what people ask."""

    def __init__(self, app: Adapters, worker: Adapters) -> None:
        self.app = app
        self.worker = worker
        self.workspace = uuid4()
        self.template = uuid4()
        found(app, self.workspace)
        self.add_template(self.template)

    def add_template(self, template_id: UUID, *, html: str = HTML, subject: str = "Hi") -> None:
        added = TemplateAdded(
            template_id=template_id, name="t", subject=subject, html=html, text="", sha256="x"
        )
        self.app.log.decide(
            TEMPLATE,
            template_id,
            lambda state: content_decider.add(state, added=added),
            asking(self.workspace),
        )

    def add_contacts(self, addresses: Sequence[str]) -> list[UUID]:
        """Import people as the importer does: facts and address keys in one transaction."""
        ids = [derive_id(BORN_MS, self.workspace.bytes, a.encode()) for a in addresses]
        facts = [
            Fact(
                derive_id(BORN_MS, c.bytes, b"imported"),
                ContactImported(
                    contact_id=c, import_id=self.workspace, row=n, email=a, first_name=f"N{n}"
                ),
            )
            for n, (c, a) in enumerate(zip(ids, addresses, strict=True))
        ]
        keys = SqlEffect(_ADDRESSES, {"workspace_id": self.workspace, "contacts": ids})
        self.worker.log.record(facts, asking(self.workspace), effects=[keys])
        return ids

    def draft(self, template_id: UUID | None = None) -> UUID:
        campaign = uuid4()
        command = DraftCampaign(
            campaign_id=campaign, name="c", template_id=template_id or self.template
        )
        draft_campaign(command, asking(self.workspace), self.app.log)
        return campaign

    def schedule(self, campaign: UUID, at: datetime) -> int:
        return schedule_campaign(
            ScheduleCampaign(campaign_id=campaign, send_at=at),
            asking(self.workspace),
            self.app.log,
            PostgresSnapshots(),
            PostgresCampaignRuns(),
            PostgresAudience(self.app.pool),
            self.app.sender_domains,
        )

    def launch(self, campaign: UUID, *, command_id: UUID | None = None) -> int:
        return launch_campaign(
            LaunchCampaign(campaign_id=campaign),
            asking(self.workspace, command_id=command_id),
            self.app.log,
            PostgresSnapshots(),
            PostgresCampaignRuns(),
            PostgresAudience(self.app.pool),
            self.app.sender_domains,
        )

    def pause(self, campaign: UUID) -> None:
        command = PauseCampaign(campaign_id=campaign)
        pause_campaign(command, asking(self.workspace), self.app.log, PostgresCampaignRuns())

    def resume(self, campaign: UUID) -> None:
        command = ResumeCampaign(campaign_id=campaign)
        resume_campaign(command, asking(self.workspace), self.app.log, PostgresCampaignRuns())

    def cancel(self, campaign: UUID) -> None:
        command = CancelCampaign(campaign_id=campaign)
        cancel_campaign(command, asking(self.workspace), self.app.log, PostgresCampaignRuns())

    def unsubscribe(self, contact: UUID) -> None:
        command = UnsubscribeContact(contact_id=contact, via=Channel.PAGE)
        unsubscribe_contact(command, asking(self.workspace), self.app.log, PostgresDoNotMail())

    # The workers, until they have nothing more to do.

    def project(self) -> None:
        live = projector.Projector(self.worker, PROJECTIONS.values())
        live.feed([])
        asyncio.run(live.close())

    def expand(self, *, page: int = 5_000) -> None:
        self.project()
        expander = AudienceExpander(self.worker, page=page)
        while expander.step():
            pass

    def started(self, template_id: UUID | None = None) -> UUID:
        """Draft, launch and expand a campaign."""
        campaign = self.draft(template_id)
        self.project()
        self.launch(campaign)
        self.expand()
        return campaign

    def schedule_all(self) -> None:
        scheduler = Scheduler(self.worker)
        while scheduler.step():
            pass

    def react(self) -> None:
        for policy in policies(self.worker):
            follower = Follower(self.worker, policy)
            while follower.step():
                pass

    def dispatch(
        self,
        port: int,
        *,
        rate_per_s: float = 0,
        retry: RetrySchedule = BULK_SCHEDULE,
        until: Callable[[], bool] | None = None,
        within_s: float = 60,
    ) -> None:
        """Run a dispatcher until nothing is due any more, or `until` holds."""
        asyncio.run(self._dispatch(port, rate_per_s, retry, until or self.idle, within_s))

    def dispatch_to(
        self,
        script: Script,
        *,
        retry: RetrySchedule = BULK_SCHEDULE,
        until: Callable[[], bool] | None = None,
        connections: int = 4,
        begin: Callable[[int], None] = lambda _: None,
    ) -> FaultySmtp:
        """Do the same against a server that misbehaves as told; returns what it heard.

        `begin` is called with its port before anything is sent.
        """

        async def converse() -> FaultySmtp:
            async with faulty_smtp(script) as server:
                await asyncio.to_thread(begin, server.port)
                await self._dispatch(
                    server.port, 0, retry, until or self.idle, 60, connections=connections
                )
                return server

        return asyncio.run(converse())

    async def _dispatch(
        self,
        port: int,
        rate_per_s: float,
        retry: RetrySchedule,
        until: Callable[[], bool],
        within_s: float,
        *,
        connections: int = 4,
    ) -> None:
        stop = Stop()
        loop = asyncio.get_running_loop()
        async with SmtpSender(relay_on(port, connections=connections)) as sender:
            dispatcher = Dispatcher(
                self.worker,
                sender=sender,
                relay=f"127.0.0.1:{port}",
                rate_per_s=rate_per_s,
                retry=retry,
            )
            running = asyncio.create_task(dispatcher.run(stop))
            deadline = loop.time() + within_s
            while not await asyncio.to_thread(until):
                assert loop.time() < deadline, "not in time"
                assert not running.done(), running.result()
                await asyncio.sleep(0.02)
            stop.set()
            await running

    # What there is.

    def idle(self) -> bool:
        """No message is due or in flight."""
        return self.ask(
            "SELECT count(*) FROM email_tasks t JOIN campaign_runs r USING (workspace_id,"
            " campaign_id) WHERE r.gate = 'open' AND (t.due_at <= clock_timestamp()"
            " OR t.locked_by IS NOT NULL)"
        ) == [(0,)]

    def tasks(self) -> int:
        """How many messages have no final outcome."""
        return int(self.ask("SELECT count(*) FROM email_tasks")[0][0])

    def gate(self, campaign: UUID) -> str:
        rows = self.ask("SELECT gate FROM campaign_runs WHERE campaign_id = %s", campaign)
        return str(rows[0][0])

    def ask(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that the workers' role sees in this workspace."""
        with tenant_scope(self.worker.pool, self.workspace) as cursor:
            return cursor.execute(query, values).fetchall()

    def events(self) -> list[Event]:
        rows = [row for page in self.worker.reader.pages(0) for row in page]
        return [
            self.worker.mapper.decode(row.tag, row.data)
            for row in rows
            if row.workspace_id == self.workspace
        ]

    def of_type(self, kind: type[E]) -> list[E]:
        """The events of one type, in order."""
        return [event for event in self.events() if isinstance(event, kind)]

    def counted(self) -> Counter[str]:
        """How many events of each type there are."""
        return Counter(type(event).__name__ for event in self.events())


def found(app: Adapters, workspace: UUID) -> None:
    app.log.decide(
        WORKSPACE,
        workspace,
        lambda state: tenancy_decider.create(
            state,
            workspace_id=workspace,
            name="Acme",
            sender_name="Acme",
            sender_address="news@acme.example",
            postal_address="1 Main Street\nSpringfield",
        ),
        asking(workspace),
    )


def relay_on(port: int, *, connections: int = 4) -> RelayOptions:
    return RelayOptions(
        host="127.0.0.1",
        port=port,
        tls=TlsPolicy.OFF,
        connections=connections,
        connect_attempts=1,
        reconnect_min_s=0.05,
        reconnect_max_s=0.2,
    )


def environment(settings: Settings, *, smtp_port: int) -> dict[str, str]:
    """Return the environment in which a role runs alone against this installation."""
    return os.environ | {
        "ENGINE_DATA_DIR": str(settings.data_dir),
        "ENGINE_DATABASE_URL": settings.database_url,
        "ENGINE_VAULT_URL": settings.vault_url,
        "ENGINE_NATS_URL": settings.nats_url,
        "ENGINE_SECRET_KEY": TEST_SECRET,
        "ENGINE_SMTP_HOST": "127.0.0.1",
        "ENGINE_REQUIRE_VERIFIED_DOMAINS": "never",
        "ENGINE_SMTP_PORT": str(smtp_port),
        "ENGINE_SMTP_TLS": "off",
        "ENGINE_PUBLIC_URL": settings.public_url,
    }
