"""Named points where a test lets a process fail; they do nothing unless a test arms them.

Nothing in the product arms them and no setting can: they cost one look into an empty dict.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum


class Failpoint(StrEnum):
    """Every point, by what has just been done there. Each stands at one place in the code."""

    APPENDER_BEGUN = "appender.begun"  # the transaction draws no position yet
    APPENDER_WRITTEN = "appender.written"  # not committed
    APPENDER_COMMITTED = "appender.committed"  # not answered
    RELAY_READ = "relay.read"
    RELAY_PUBLISHED = "relay.published"  # acknowledged by the stream, the cursor stands still
    RELAY_MOVED = "relay.moved"
    PROJECTOR_DECODED = "projector.decoded"
    PROJECTOR_APPLIED = "projector.applied"  # not committed
    PROJECTOR_COMMITTED = "projector.committed"
    REBUILD_FILLED = "rebuild.filled"  # without indexes, behind the serving tables
    REBUILD_SWAPPED = "rebuild.swapped"  # not committed
    SEALER_READ = "sealer.read"
    SEALER_WRITTEN = "sealer.written"  # not committed
    SEALER_COMMITTED = "sealer.committed"
    POLICY_REACTED = "policy.reacted"  # the cursor stands still
    REPUTATION_LOOKED = "reputation.looked"  # at one subject, the next one not yet
    EXPORTER_WRITTEN = "exporter.written"  # a slice, not durable
    EXPORTER_KEPT = "exporter.kept"  # durable, the table of exports does not know yet
    EXPORTER_DATA_WRITTEN = "exporter.data_written"  # a page of people's data, not durable
    EXPORTER_DATA_KEPT = "exporter.data_kept"  # durable, the table does not know yet
    EXPORTER_DATA_PACKED = "exporter.data_packed"  # the zip is there, not completed
    EXPORTER_PACKED = "exporter.packed"  # the zip is there, not completed
    SYSTEM_MAIL_CLAIMED = "system_mail.claimed"  # nothing is on the wire
    SYSTEM_MAIL_ANSWERED = "system_mail.answered"  # the relay said 250, nobody wrote it down
    DNS_LOOKED = "dns.looked"  # nothing is written
    DNS_DECIDED = "dns.decided"  # the log knows, the table of looks does not
    BOUNCE_RECORDED = "bounce.recorded"  # committed, the sender has no 250
    DISPATCHER_CLAIMED = "dispatcher.claimed"  # rendered, nothing handed over
    DISPATCHER_HANDED_OVER = "dispatcher.handed_over"  # recorded, nothing is on the wire
    DISPATCHER_ANSWERED = "dispatcher.answered"  # the relay said 250, nobody wrote it down
    DISPATCHER_RECORDED = "dispatcher.recorded"  # committed, the chunk does not know yet
    RETENTION_PURGED = "retention.purged"  # one thing, the next one not yet
    VAULT_MINTED = "vault.minted"  # keys committed, nothing sealed with them yet
    VAULT_FENCED = "vault.fenced"  # the key is still there, not committed
    VAULT_DESTROYED = "vault.destroyed"  # committed, the log does not know yet


class FailpointError(Exception):
    """What an armed point raises."""


Action = Callable[[], None]
_armed: dict[Failpoint, Action] = {}


def failpoint(point: Failpoint) -> None:
    """Pass by, or do what a test armed here."""
    action = _armed.get(point)
    if action is not None:
        action()


def arm(point: Failpoint, action: Action, *, on_hit: int = 1) -> None:
    """Let `action` happen when this process passes the point for the `on_hit`th time, once."""
    left = on_hit

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            action()

    _armed[point] = count


def disarm() -> None:
    """Let every point be passed again."""
    _armed.clear()


def die() -> None:
    """End this process as kill -9 does: no handler, no flush, no good-bye."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    """Fail as a library would."""
    raise FailpointError("an armed failpoint")
