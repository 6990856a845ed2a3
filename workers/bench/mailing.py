"""A workspace with many contacts and a campaign of a real letter, for benchmarks of sending."""

from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg

from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.content.add_template import AddTemplate, add_template
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from infra.clock import new_id
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.snapshots import PostgresSnapshots
from projections.registry import PROJECTIONS
from workers.audience_expander import AudienceExpander
from workers.bench.stage import Stage
from workers.projector import LiveProjection

# 11 kB of HTML, six tracked links, merge tags, a link to unsubscribe; text part and pixel come in.
TEMPLATE = Path(__file__).resolve().parents[2] / "examples" / "template.html"
KEYS_AT_ONCE = 5_000
# Straight into the tables that the import and the contact list would fill in many minutes. The ids
# are those of one import: the same millisecond, then chance.
_CONTACTS = """
WITH people AS MATERIALIZED (
    SELECT n, (%(born)s || '8' || substr(md5(n || %(salt)s), 1, 3) || '8'
               || substr(md5(n || %(salt)s), 4, 15))::uuid AS contact_id
      FROM generate_series(1, %(count)s::int) n
), addresses AS (
    INSERT INTO contact_addresses (workspace_id, address_key, contact_id)
    SELECT %(workspace_id)s, decode(md5(n || 'a') || md5(n || 'b'), 'hex'), contact_id FROM people
)
INSERT INTO contacts (workspace_id, contact_id, email, first_name, last_name, fields, import_id,
                      added_at, added_position)
SELECT %(workspace_id)s, contact_id, 'person.' || n || '@example.com', 'Anna ' || n, 'Example',
       '{"company": "Example Ltd"}', %(workspace_id)s, now(), 0
  FROM people ORDER BY contact_id
"""
_FIRST = """
SELECT contact_id FROM contacts WHERE workspace_id = %s ORDER BY contact_id LIMIT %s
"""
_LAST = """
SELECT contact_id FROM contacts WHERE workspace_id = %s ORDER BY contact_id DESC LIMIT %s
"""


class Mailing(msgspec.Struct, frozen=True):
    """A workspace that can send."""

    stage: Stage
    workspace_id: UUID

    def add_contacts(self, count: int, *, with_keys: int) -> None:
        """Fill in contacts; the first `with_keys`, in the order of sending, can be mailed."""
        values = {
            "workspace_id": self.workspace_id,
            "born": new_id().hex[:12],
            "salt": self.workspace_id.hex,
            "count": count,
        }
        with psycopg.connect(self.stage.superuser_dsn, autocommit=True) as connection:
            connection.execute(_CONTACTS, values)
            connection.execute("VACUUM ANALYZE contacts, contact_addresses")
        self.mint(with_keys)

    def mint(self, count: int, *, last: bool = False) -> None:
        """Make keys for the first, or the last, in the order of sending."""
        query = _LAST if last else _FIRST
        with psycopg.connect(self.stage.superuser_dsn, autocommit=True) as connection:
            found = connection.execute(query, (self.workspace_id, count)).fetchall()
        people = [contact for (contact,) in found]
        for at in range(0, len(people), KEYS_AT_ONCE):
            self.stage.worker.vault.ciphers(
                self.workspace_id, people[at : at + KEYS_AT_ONCE], mint=True
            )

    def draft(self) -> UUID:
        """Return a campaign that can be launched."""
        template, campaign, log = uuid4(), uuid4(), self.stage.app.log
        html = TEMPLATE.read_text(encoding="utf-8")
        adding = AddTemplate(template_id=template, name="bench", subject="Bench", html=html)
        add_template(adding, self.stage.context(self.workspace_id), log, Nh3Sanitizer())
        drafting = DraftCampaign(campaign_id=campaign, name="bench", template_id=template)
        draft_campaign(drafting, self.stage.context(self.workspace_id), log)
        return campaign

    def launch(self, campaign: UUID) -> None:
        """Ask for it to begin now, as a client does."""
        launch_campaign(
            LaunchCampaign(campaign_id=campaign),
            self.stage.context(self.workspace_id),
            self.stage.app.log,
            PostgresSnapshots(),
            PostgresCampaignRuns(),
            PostgresAudience(self.stage.app.pool),
            self.stage.app.sender_domains,
        )

    def project(self) -> None:
        """Let the contact list see all that is in the log."""
        live = LiveProjection(
            PROJECTIONS["contact_list"], self.stage.worker.mapper, self.stage.worker
        )
        live.owned()
        live.read_log()
        live.release()

    def queue(self) -> None:
        """Launch a campaign to everybody and expand it whole."""
        self.launch(self.draft())
        self.project()
        self.expand()

    def expand(self) -> None:
        """Queue everybody of the campaigns that are launched."""
        expander = AudienceExpander(self.stage.worker)
        while expander.step():
            pass


def new_mailing(stage: Stage) -> Mailing:
    """Found a workspace."""
    workspace = uuid4()
    command = CreateWorkspace(
        workspace_id=workspace,
        name="Bench",
        sender_name="Bench",
        sender_address="bench@example.com",
        postal_address="1 Example Street, Exampleton",
    )
    create_workspace(command, stage.context(workspace), stage.app.log)
    return Mailing(stage, workspace)
