"""How fast a whole job goes: a file into contacts."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg

from commands.campaigns.draft_campaign import DraftCampaign, draft_campaign
from commands.campaigns.launch_campaign import LaunchCampaign, launch_campaign
from commands.content.add_template import AddTemplate, add_template
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.snapshots import PostgresSnapshots
from projections.registry import PROJECTIONS
from workers.audience_expander import AudienceExpander
from workers.bench import bare
from workers.bench.measure import Measured, measured, rate
from workers.bench.stage import Stage
from workers.cli.contacts import start_import
from workers.importer import Importer
from workers.projector import LiveProjection
from workers.runtime import Stop

ROWS = 40_000
TEMPLATE = Path(__file__).resolve().parents[2] / "examples" / "template.html"
_BARE = """
DROP TABLE IF EXISTS bare_contacts;
CREATE TABLE bare_contacts (
    workspace_id uuid, contact_id uuid, email text, first_name text, last_name text, company text,
    PRIMARY KEY (workspace_id, contact_id), UNIQUE (workspace_id, email)
)
"""


def import_contacts(stage: Stage) -> Measured:
    """Import a clean CSV file; the limit is the csv module and unnest into a bare table."""
    with TemporaryDirectory() as room:
        file = contact_file(Path(room), ROWS)
        limit = rate(ROWS, lambda: _import_bare(stage, file))
        workspace = new_workspace(stage)
        start_import(stage.worker, workspace, file, {})
        importer = Importer(stage.worker)
        ours = rate(ROWS, lambda: importer.step(Stop()))
    return measured("import_contacts", ours=ours, limit=limit, unit="rows/s")


def new_workspace(stage: Stage) -> UUID:
    """Create a workspace that can send."""
    workspace = uuid4()
    command = CreateWorkspace(
        workspace_id=workspace,
        name="Bench",
        sender_name="Bench",
        sender_address="bench@example.com",
        postal_address="1 Example Street, Exampleton",
    )
    create_workspace(command, stage.context(workspace), stage.app.log)
    return workspace


def launch(stage: Stage, workspace: UUID) -> None:
    """Queue a campaign of ordinary mail for everybody in the workspace."""
    template, campaign, log = uuid4(), uuid4(), stage.app.log
    html = TEMPLATE.read_text(encoding="utf-8")
    adding = AddTemplate(template_id=template, name="bench", subject="Bench", html=html)
    add_template(adding, stage.context(workspace), log, Nh3Sanitizer())
    drafting = DraftCampaign(campaign_id=campaign, name="bench", template_id=template)
    draft_campaign(drafting, stage.context(workspace), log)
    launch_campaign(
        LaunchCampaign(campaign_id=campaign),
        stage.context(workspace),
        log,
        PostgresSnapshots(),
        PostgresCampaignRuns(),
        PostgresAudience(stage.app.pool),
        stage.app.sender_domains,
    )
    _project(stage)
    expander = AudienceExpander(stage.worker)
    while expander.step():
        pass


def _project(stage: Stage) -> None:
    live = LiveProjection(PROJECTIONS["contact_list"], stage.worker.mapper, stage.worker)
    live.owned()
    live.read_log()
    live.release()


def contact_file(room: Path, rows: int) -> Path:
    """Write a CSV file of so many people."""
    file = room / "contacts.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["E-mail", "First name", "Last name", "Company"])
        writer.writerows(
            [f"person.{n}@example.com", f"Anna {n}", "Example", "Example Ltd"] for n in range(rows)
        )
    return file


def _import_bare(stage: Stage, file: Path) -> None:
    workspace = uuid4()
    with (
        psycopg.connect(stage.superuser_dsn, autocommit=True) as connection,
        file.open(newline="", encoding="utf-8") as source,
    ):
        connection.execute(_BARE)
        rows = list(csv.reader(source))[1:]
        for at in range(0, len(rows), bare.BATCH):
            columns = [list(column) for column in zip(*rows[at : at + bare.BATCH], strict=True)]
            connection.execute(
                "INSERT INTO bare_contacts SELECT %b::uuid, gen_random_uuid(), e, f, l, c"
                " FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[]) AS u(e, f, l, c)",
                (workspace, *columns),
                binary=True,
            )
        connection.execute("DROP TABLE bare_contacts")
