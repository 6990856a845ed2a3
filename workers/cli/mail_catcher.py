"""`engine mail-catcher`: the embedded mailbox alone."""

import click

from infra.mail_catcher.catcher import run_mail_catcher
from infra.settings import SettingsError, load_settings


@click.command("mail-catcher")
def mail_catcher_command() -> None:
    """Catch all mail on loopback and show it on a page, until SIGTERM."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    run_mail_catcher(
        smtp_port=settings.catcher_smtp_port,
        http_port=settings.catcher_http_port,
        data_dir=settings.data_dir / "mail",
    )
