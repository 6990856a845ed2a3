"""What must hold after any fault: the log is in order, and every read model is its fold."""

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.log_order import check_order
from infra.eventstore.log_verify import LogVerifier
from infra.postgres.connections import Role
from infra.projecting.rebuild import Shadow
from infra.projecting.verify import Verified, verify
from projections.registry import PROJECTIONS


def faults_of(worker: Adapters) -> list[str]:
    """Return what is wrong with the log or with a read model; nothing when all followed it."""
    faults = check_order(worker.pool).faults
    key = SigningKey(worker.settings.secret_key)
    with worker.connection(Role.SEALER) as connection:
        seals = LogVerifier(connection, keys={key.key_id: key.public_key}).verify()
    faults += [f"seals: {fault}" for fault in seals.faults]
    with worker.pool.connection() as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    last = row[0] if row else 0
    if seals.upto < last:
        faults.append(f"sealed up to {seals.upto}, the last event is {last}")
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


def behind(worker: Adapters, position: int) -> list[str]:
    """Return the read models that have not seen this position."""
    with worker.pool.connection() as connection:
        rows = connection.execute(
            "SELECT name FROM projections WHERE active AND position < %s", (position,)
        ).fetchall()
    return [name for (name,) in rows]
