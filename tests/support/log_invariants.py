"""What must hold after any fault: the log is in order, and every read model is its fold."""

from infra.bootstrap import Adapters
from infra.eventstore.log_order import check_order
from infra.postgres.connections import Role
from infra.projecting.rebuild import Shadow
from infra.projecting.verify import Verified, verify
from projections.registry import PROJECTIONS


def faults_of(worker: Adapters) -> list[str]:
    """Return what is wrong with the log or with a read model; nothing when all followed it."""
    faults = check_order(worker.pool).faults
    last = worker.reader.before_last(1) + 1
    for name in PROJECTIONS:
        found = verified(worker, name)
        if not found.ok or found.position < last:
            faults.append(f"{name}, whose last event is {last}: {found}")
    return faults


def verified(worker: Adapters, name: str) -> Verified:
    with (
        worker.connection(Role.MIGRATOR) as owner,
        worker.connection(Role.WORKER) as filler,
        worker.connection(Role.WORKER) as live,
    ):
        shadow = Shadow(PROJECTIONS[name], worker.mapper, owner=owner, worker=filler)
        return verify(shadow, live)
