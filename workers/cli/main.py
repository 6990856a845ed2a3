"""The `engine` command; verbs are imported when they are asked for, so that it starts fast."""

import click

from workers.cli.lazy_group import LazyGroup

VERBS = {
    "up": "workers.cli.up:up_command",
    "api": "workers.cli.api:api_command",
    "relays": "workers.cli.relays:relays_group",
    "worker": "workers.cli.worker:worker_command",
    "mail-catcher": "workers.cli.mail_catcher:mail_catcher_command",
    "db": "workers.cli.db:db_group",
    "workspace": "workers.cli.workspace:workspace_group",
    "account": "workers.cli.account:account_group",
    "system-mail": "workers.cli.system_mail:system_mail_group",
    "keys": "workers.cli.keys:keys_group",
    "contacts": "workers.cli.contacts:contacts_group",
    "templates": "workers.cli.templates:templates_group",
    "campaigns": "workers.cli.campaigns:campaigns_group",
    "messages": "workers.cli.messages:messages_group",
    "dead-letters": "workers.cli.dead_letters:dead_letters_group",
    "projections": "workers.cli.projections:projections_group",
    "log": "workers.cli.log:log_group",
    "backup": "workers.cli.backup:backup_command",
    "restore": "workers.cli.backup:restore_command",
    "vault": "workers.cli.vault:vault_group",
    "domains": "workers.cli.domains:domains_group",
    "lanes": "workers.cli.lanes:lanes_group",
    "operator": "workers.cli.operator:operator_group",
    "rates": "workers.cli.rates:rates_group",
    "switches": "workers.cli.switches:switches_group",
    "privacy": "workers.cli.privacy:privacy_group",
    "demo": "workers.cli.demo:demo_command",
}


@click.group(cls=LazyGroup, later=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="email-engine")
def main() -> None:
    """Email Engine: contacts, templates, campaigns, and a log of what happened to every mail."""


if __name__ == "__main__":
    main(prog_name="engine")
