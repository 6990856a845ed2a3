"""Who asks, for which workspace, at what time, and which command this is."""

from datetime import datetime
from uuid import UUID

import msgspec


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a command that is not its content.

    `command_id` makes the command idempotent: the same id again returns the first answer.
    `now` is UTC-aware. `ip` is truncated (IPv4 /24, IPv6 /48) before it gets here.
    `actor` is an opaque name such as `token:<id>`, `cli` or `worker:dispatcher`; `command` says
    what was asked: an operation of the API, a verb of the command line, a worker. Whatever is sent
    for a `sandbox` context (of a test key) reaches only the sandbox.
    """

    workspace_id: UUID
    actor: str
    now: datetime
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    ip: str | None = None
    command: str = ""
    sandbox: bool = False
