"""Verifies the log now and then, so that "is the chain good?" has an answer at once."""

from datetime import timedelta

import structlog

from infra.bootstrap import Adapters
from infra.crypto.signing import SigningKey
from infra.eventstore.verification import SHARD, verify_again
from infra.postgres.advisory_locks import VERIFIER_LOCK, try_lock
from infra.postgres.connections import Role
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

NAME = "verifying"
EVERY_S = 30.0


class StoppedError(Exception):
    """The process is to end; the pass begins again next time."""


def keep_verifying(adapters: Adapters, stop: Stop) -> None:
    """Verify every half minute until the stop; one process of an installation does."""
    run_steps(NAME, stop, lambda: verify_once(adapters, stop), idle_s=EVERY_S)


def verify_once(adapters: Adapters, stop: Stop) -> bool:
    """Do one pass unless somebody else does; never busy."""
    key, days = SigningKey(adapters.settings.secret_key), adapters.settings.log_verify_days

    def seen(_: int) -> None:
        if stop:
            raise StoppedError

    with adapters.connection(Role.SEALER, bounded=False) as connection:
        if not try_lock(connection, VERIFIER_LOCK, SHARD):
            return False
        try:
            done = verify_again(
                connection,
                {key.key_id: key.public_key},
                whole_every=timedelta(days=days) if days else None,
                seen=seen,
            )
        except StoppedError:
            return False
    if done.events or done.faults:
        log.info("log_verified", upto=done.upto, events=done.events, faults=done.faults)
    return False
