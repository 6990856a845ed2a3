"""Health as load balancers and people read it."""

import msgspec


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "alive"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served, part by part: ok, degraded or down."""

    status: str
    checks: dict[str, str]
