"""`engine demo`: the whole job once, on real components, with a report that must agree."""

import json
import time
from pathlib import Path

import click

from infra.observability.logging import configure_logging
from infra.settings import load_settings
from workers.demo.report import disagreements, figures, text
from workers.demo.running_engine import running_engine
from workers.demo.story import tell
from workers.demo.web import UnexpectedAnswerError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
readable = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("demo")
@click.option("--once", is_flag=True, help="Stop the engine after the report; else it stays up.")
@click.option("--json", "as_json", is_flag=True, help="Last line of stdout: the figures as JSON.")
@click.option("--contacts", type=readable, help="A contact file of yours instead of our example.")
@click.option("--template", type=readable, help="An HTML file of yours; its own tags are kept.")
@click.option(
    "--rate", default=0.0, type=click.FloatRange(0), help="Messages a second; 0 is unlimited."
)
def demo_command(
    *, once: bool, as_json: bool, contacts: Path | None, template: Path | None, rate: float
) -> None:
    """Start everything, import contacts, mail them, read the mail, and compare every figure.

    Exit code 1 with the differing figures unless log, read models and mailbox agree.
    """
    started = time.monotonic()
    configure_logging(service="demo", level="ERROR")

    def say(what: str) -> None:
        click.echo(f"[{time.monotonic() - started:6.1f} s] {what}", err=as_json)

    say("starting PostgreSQL, NATS, the mail catcher, the API and the workers")
    with running_engine(load_settings().data_dir / "demo", rate=rate) as settings:
        try:
            told = tell(
                settings,
                contacts=contacts or EXAMPLES / "contacts.csv",
                template=template or EXAMPLES / "template.html",
                keep_tags=template is not None,
                say=say,
            )
        except UnexpectedAnswerError as error:
            raise click.ClickException(f"the story broke: {error}") from error
        shown = figures(told, seconds=time.monotonic() - started)
        problems = disagreements(told)
        places = {
            "web": settings.public_url,
            "e-mail": told.visitor.email,
            "password": told.visitor.password,
            "inbox": f"http://127.0.0.1:{settings.catcher_http_port}",
            "api": settings.public_url,
            "log": str(settings.data_dir / "log" / "engine.log"),
        }
        click.echo(text(shown, problems, places={} if once else places), err=as_json)
        if as_json:
            click.echo(json.dumps(shown))
        if problems:
            raise SystemExit(1)
        if not once:
            _stay_up()


def _stay_up() -> None:
    click.echo("The engine stays up for you to look around; Ctrl-C stops it.", err=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopping", err=True)
