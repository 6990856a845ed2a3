"""Who may log in, with which derived password, and the pools that hold the connections."""

import base64
import hashlib
import hmac
import select
from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from weakref import WeakKeyDictionary

from psycopg import Connection, connect
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infra.settings import Secret, SettingsError

Pool = ConnectionPool[Connection[TupleRow]]

FRESH_S = 1.0
"""A connection that was lent so lately, and on which nothing came since, is lent unasked."""
BOUNDS = (
    "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=120s"
    " -c idle_in_transaction_session_timeout=60s"
)


class Role(StrEnum):
    """The database roles; each process logs in as the least it needs."""

    MIGRATOR = "engine_migrator"
    APP = "engine_app"
    WORKER = "engine_worker"
    SEALER = "engine_sealer"
    VAULT = "engine_vault"


def role_password(secret_key: Secret, role: Role) -> str:
    """Derive the role's password, so that one secret configures a whole installation."""
    if not secret_key:
        raise SettingsError(
            "there is no secret key: set ENGINE_SECRET_KEY, "
            "or run `engine up` once, which makes one"
        )
    message = b"postgres-role:" + role.encode()
    digest = hmac.digest(secret_key.reveal().encode(), message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def role_dsn(
    url: str, role: Role, secret_key: Secret, *, name: str = "", bounded: bool = True
) -> str:
    """Return the connection string for a role; user and password in `url` are not used.

    Keepalives and timeouts are bounded: a half-open link must not hold a worker for long.
    Without `bounded` statements may take as long as they take (rebuilds).
    """
    given = conninfo_to_dict(url)
    given.update(user=role.value, password=role_password(secret_key, role))
    return make_conninfo(
        "",
        **given,
        application_name=name or role.value,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=20_000,
        options=BOUNDS if bounded else "-c timezone=UTC",
    )


def another(connection: Connection[TupleRow]) -> Connection[TupleRow]:
    """Open one more connection of the same role and bounds, in autocommit."""
    return connect(connection.info.dsn, password=connection.info.password, autocommit=True)


def open_pool(dsn: str, *, size: int = 4) -> Pool:
    """Open a pool that checks connections before lending them (a restarted server is noticed)."""
    return ConnectionPool(
        dsn,
        min_size=0,
        max_size=size,
        open=True,
        timeout=20,
        check=_checking(),
        kwargs={"autocommit": True},
    )


def _checking() -> Callable[[Connection[TupleRow]], None]:
    """Return a check that asks the server only where its silence says too little.

    A server that ends a connection says so, or closes it: either can be read from the socket.
    """
    lent: WeakKeyDictionary[Connection[TupleRow], float] = WeakKeyDictionary()

    def check(connection: Connection[TupleRow]) -> None:
        at = monotonic()
        if at - lent.get(connection, -FRESH_S) >= FRESH_S or _has_news(connection):
            ConnectionPool.check_connection(connection)
        lent[connection] = at

    return check


def _has_news(connection: Connection[TupleRow]) -> bool:
    """Tell whether something, or the end, waits to be read; does not wait itself."""
    news = select.poll()
    news.register(connection.fileno(), select.POLLIN)
    return bool(news.poll(0))
