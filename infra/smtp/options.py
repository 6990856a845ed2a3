"""How one relay is reached and how patient we are with it."""

import ssl
from enum import StrEnum

import msgspec


class TlsPolicy(StrEnum):
    """What to do about encryption."""

    REQUIRE = "require"
    MAY = "may"
    OFF = "off"
    IMPLICIT = "implicit"


class RelayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one relay; times in seconds."""

    host: str
    port: int = 25
    username: str | None = None
    password: str | None = None
    tls: TlsPolicy = TlsPolicy.REQUIRE
    tls_context: ssl.SSLContext | None = None
    """Replaces the system's trust store, for a private certificate authority."""
    public_only: bool = False
    """Connect only to addresses of the public Internet: somebody else chose the host."""
    local_hostname: str = "localhost"
    """The name given in EHLO: the reverse name of the sending address, or `localhost`."""

    connections: int = 4
    max_messages_per_connection: int = 1_000
    max_age_s: float = 300.0
    """No message begins on a connection older than this, but its first one."""
    idle_s: float = 20.0
    """An unused connection is closed after this long, before the server does it."""

    connect_timeout_s: float = 30.0
    """Bounds connecting, greeting, TLS and AUTH together."""
    command_timeout_s: float = 300.0
    """Bounds MAIL, RCPT and DATA together, however slowly the server drips its replies."""
    final_dot_timeout_s: float = 600.0
    """RFC 5321 4.5.3.2.6: giving up sooner invites a second copy."""

    connect_attempts: int = 3
    """After so many failures in a row the waiting messages are given back."""
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 15.0

    def __repr__(self) -> str:
        """Name the relay without its credentials."""
        return f"RelayOptions({self.host}:{self.port}, tls={self.tls})"
