"""The scheduler's daily errand: archive the months that are over for long enough."""

from threading import Thread

import structlog

from infra.bootstrap import Adapters
from infra.clock import now
from infra.postgres.connections import Role
from infra.postgres.failures import reason_of
from infra.settings import Settings

log = structlog.get_logger()


def archive_in_background(settings: Settings) -> Thread:
    """Begin, and let the caller go on: a month takes minutes, campaigns are due meanwhile.

    The thread may die with the process at any point: the next day's run finishes.
    """
    thread = Thread(target=archive_due, args=(settings,), name="archiver", daemon=True)
    thread.start()
    return thread


def archive_due(settings: Settings) -> None:
    """Archive what ENGINE_ARCHIVE_AFTER_DAYS says; errors are logged, the months stay."""
    from infra.eventstore.archiving import Archiver, months_over, over_for  # noqa: PLC0415 - polars

    adapters = Adapters(settings, role=Role.WORKER, name="engine-archiver", pool_size=1)
    by = over_for(settings.archive_after_days, today=now().date())
    try:
        with (
            adapters.connection(Role.MIGRATOR, bounded=False) as owner,
            adapters.connection(Role.WORKER, bounded=False) as worker,
        ):
            archiver = Archiver(settings.archive_dir, owner=owner, worker=worker)
            for month, _ in months_over(adapters.pool, by=by):
                archived = archiver.archive(month)
                if archived:
                    log.info("month_archived", month=archived.month, events=archived.events)
    except Exception as error:  # noqa: BLE001 - an errand of the scheduler must not end it
        log.warning("archiving_failed", error=reason_of(error))
    finally:
        adapters.close()
