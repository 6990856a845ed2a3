"""Restore a backup: databases beside the serving ones, made whole, checked, then swapped in."""

from pathlib import Path

import msgspec

from commands.campaigns.cancel_campaign import CancelCampaign, cancel_campaign
from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from infra.backup.archived import bring_archive_back
from infra.backup.dump import Progress
from infra.backup.errors import BackupError
from infra.backup.generation import new_generation
from infra.backup.held_campaigns import OpenRun, open_runs
from infra.backup.manifest import Manifest, check_files, read_manifest
from infra.backup.outside import require_outside
from infra.backup.target import fill, require_free, staging, take_place
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.settle import Settled, settle
from infra.eventstore.log_order import check_order
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.connections import Role
from infra.postgres.migrate import LOG_USERS, VAULT_USERS, migrate
from infra.settings import Settings
from workers.acting import acting
from workers.cli.db import install_read_models
from workers.erasing import ErasureFinisher

NAME = "restore"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did."""

    events: int
    horizon: int  # the last position of the backup; new ones are in a range of their own
    erased_again: int
    keys_restored: int
    campaigns_held: int
    read_models: list[str]


def restore(
    settings: Settings,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Restored:
    """Bring a backup back. Until the last rename the databases are not there, or the old ones.

    May be repeated from the start after any interruption. Raises BackupError.
    """
    manifest = read_manifest(folder, settings.secret_key)
    size = manifest.log.size_bytes + manifest.vault.size_bytes
    check_files(folder, manifest, progress=lambda read: progress("checking", read, size))
    require_free(settings, force=force)
    filled = staging(settings)
    adapters = Adapters(filled, role=Role.WORKER, name="engine-restore")
    try:
        require_outside(manifest, adapters.outside_vault)
        fill(settings, folder, manifest.log, filled.database_url, LOG_USERS, progress)
        fill(settings, folder, manifest.vault, filled.vault_url, VAULT_USERS, progress)
        bring_archive_back(filled, folder)
        restored = _make_whole(adapters, manifest, progress)
    finally:
        adapters.close()
    take_place(settings)
    return restored


def _make_whole(adapters: Adapters, manifest: Manifest, progress: Progress) -> Restored:
    """Bring it to today's shape, keys and erasures; rebuild what is derived; check the order."""
    settings = adapters.settings
    migrate(
        database_url=settings.database_url,
        vault_url=settings.vault_url,
        secret_key=settings.secret_key,
    )
    progress("replaying erasures", 0, 1)
    settled = _settle(adapters)
    horizon = new_generation(settings.database_url)
    ErasureFinisher(adapters, worker=NAME).follow_vault()
    held = hold_campaigns(adapters)
    progress("rebuilding read models", 0, 1)
    models = install_read_models(settings, every=True)
    progress("verifying the order", 0, 1)
    order = check_order(adapters.pool)
    if not order.ok or order.events < manifest.events:
        raise BackupError(
            f"the restored log is not in order: {'; '.join(order.faults) or 'events are missing'}"
        )
    return Restored(
        events=manifest.events,
        horizon=horizon,
        erased_again=settled.erased_again,
        keys_restored=settled.keys_restored,
        campaigns_held=held,
        read_models=models,
    )


def _settle(adapters: Adapters) -> Settled:
    with adapters.vault_connection() as connection:
        return settle(connection, adapters.outside_vault)


def hold_campaigns(adapters: Adapters) -> int:
    """Pause what runs and cancel what is due: what was sent since the backup is not known here."""
    held = open_runs(adapters.pool)
    for run in held:
        _hold(adapters, run)
    return len(held)


def _hold(adapters: Adapters, run: OpenRun) -> None:
    context = acting(NAME, run.workspace_id, new_id())
    runs, campaign = PostgresCampaignRuns(), run.campaign_id
    if run.gate == "open":
        pause_campaign(PauseCampaign(campaign_id=campaign), context, adapters.log, runs)
    else:
        cancel_campaign(CancelCampaign(campaign_id=campaign), context, adapters.log, runs)
