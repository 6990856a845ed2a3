"""How long the slowest of many who sign in at once waits, beside argon2 alone in the same bound."""

import os
import resource
import time
from collections.abc import Callable
from itertools import count
from uuid import UUID

from commands.identity.change_password import reset_password
from commands.identity.letters import Letters
from commands.identity.open_account import open_account
from commands.identity.sign_in import Door, SignIn, sign_in
from domain.shared.context import Context
from domain.shared.platform import PLATFORM
from infra.clock import new_id
from infra.crypto.passwords import Argon2Passwords
from infra.postgres.attempts import PostgresAttempts
from infra.postgres.sessions import PostgresSessions
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from infra.postgres.system_mails import PostgresSystemMails
from workers.acting import acting
from workers.bench import bare
from workers.bench.measure import Measured, measured, quantile
from workers.bench.stage import Stage

AT_ONCE = 64
ROUNDS = 3
PASSWORD = "a long and winding sentence"  # noqa: S105 of nobody
MS = 1000.0
KIB_A_MIB = 1024


def login_p99_ms(stage: Stage) -> Measured:
    """Let 64 people sign in at once; what is beside argon2 should cost no more than argon2."""
    door = _door(stage)
    password_hash = _open_accounts(stage, door)
    turn = count()
    before = _peak_mib()
    limit = _p99_ms(lambda: door.passwords.verify(password_hash, PASSWORD))
    hashing = _peak_mib()
    ours = _p99_ms(lambda: _sign_in(stage, door, next(turn)))
    return measured(
        "login_p99_ms",
        ours=ours,
        limit=limit,
        unit="ms",
        at_most=2.0,
        detail={"rss_growth_hashing_mib": hashing - before, "rss_growth_mib": _peak_mib() - before},
    )


def _door(stage: Stage) -> Door:
    app = stage.app
    return Door(
        accounts=app.accounts,
        passwords=Argon2Passwords(at_once=os.cpu_count() or 1),
        sessions=PostgresSessions(app.pool, app.settings.secret_key),
        tokens=PostgresSingleUseTokens(app.pool),
        access=app.access_tokens,
        attempts=PostgresAttempts(app.pool, app.rate_buckets, app.accounts),
    )


def _open_accounts(stage: Stage, door: Door) -> str:
    """Open one for each who signs in; return the hash of their password."""
    app = stage.app
    mails = PostgresSystemMails(app.vault)
    letters = Letters(mails, door.tokens, new_id, public_url=app.settings.public_url)
    ids: list[UUID] = [new_id() for _ in range(AT_ONCE)]
    for n, user_id in enumerate(ids):
        token = open_account(user_id, _email(n), _now(), app.log, door.accounts, door.tokens)
        reset_password(token, PASSWORD, _now(), app.log, door, letters)
    found = door.accounts.by_id(ids[0])
    if found is None or found.password_hash is None:
        raise RuntimeError("the account was opened a moment ago")
    return found.password_hash


def _sign_in(stage: Stage, door: Door, turn: int) -> None:
    who = turn % AT_ONCE
    command = SignIn(
        session_id=new_id(), email=_email(who), password=PASSWORD, network=f"198.51.{who}.0"
    )
    sign_in(command, _now(), stage.app.log, door)


def _p99_ms(work: Callable[[], object]) -> float:
    """Return the 99th percentile of what each of 64 at once waits, several times in turn."""
    took: list[float] = []

    def client() -> None:
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * MS)

    for _ in range(ROUNDS):
        bare.run_in_threads([client] * AT_ONCE)
    if len(took) < ROUNDS * AT_ONCE:
        raise RuntimeError("some were refused: the figure would be of the lucky ones")
    return quantile(took, 0.99)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_A_MIB


def _email(n: int) -> str:
    return f"person.{n}@example.com"


def _now() -> Context:
    return acting("bench", PLATFORM, new_id())
