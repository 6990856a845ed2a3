"""Second factors in Postgres: sealed, and every code used once by whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pyotp
import pytest

from commands.identity.confirm_second_factor import ConfirmSecondFactor, confirm_second_factor
from commands.identity.enrol_second_factor import EnrolSecondFactor, enrol_second_factor
from commands.identity.prove_second_factor import ProveSecondFactor, prove_second_factor
from domain.identity.second_factor import WrongCodeError
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.totp import TotpCodes
from infra.postgres.connections import Role
from infra.postgres.second_factors import PostgresSecondFactors
from infra.postgres.sessions import PostgresSessions
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.asking import asking

pytestmark = pytest.mark.integration


def confirmed(app: Adapters, codes: TotpCodes) -> tuple[ProveSecondFactor, str, list[str]]:
    """Return a proof by the next step's code, the secret, and the recovery codes."""
    user_id, secret, now = new_id(), codes.new_secret(), datetime.now(UTC)
    factors, paper = PostgresSecondFactors(app.pool, app.vault), list(codes.new_recovery_codes())
    enrol_second_factor(
        EnrolSecondFactor(user_id=user_id, secret=secret, authenticated_at=now),
        asking(PLATFORM),
        app.log,
        factors,
    )
    totp = pyotp.TOTP(secret)
    step = totp.timecode(now)  # good for a while yet, as the next one is, whenever the step ends
    command = ConfirmSecondFactor(
        user_id=user_id,
        session_id=new_id(),
        code=totp.generate_otp(step),
        recovery_codes=paper,
        authenticated_at=now,
    )
    sessions = PostgresSessions(app.pool, app.settings.secret_key)
    confirm_second_factor(
        command, asking(PLATFORM), app.log, factors, codes, app.rate_buckets, sessions
    )
    return ProveSecondFactor(user_id=user_id, code=totp.generate_otp(step + 1)), secret, paper


@pytest.mark.parametrize("by", ["device", "paper"])
def test_of_many_processes_with_one_code_one_gets_in(
    app: Adapters, settings: Settings, by: str
) -> None:
    codes = TotpCodes(settings.secret_key)
    proof, _, paper = confirmed(app, codes)
    if by == "paper":
        proof = ProveSecondFactor(user_id=proof.user_id, code=paper[0])
    processes = [Adapters(settings, role=Role.APP, name=f"api-{n}") for n in range(3)]

    def gets_in(process: Adapters) -> bool:
        factors = PostgresSecondFactors(process.pool, process.vault)
        try:
            prove_second_factor(
                proof, asking(PLATFORM), process.log, factors, codes, process.rate_buckets
            )
        except WrongCodeError:
            return False
        return True

    with ThreadPoolExecutor(len(processes)) as threads:
        results = list(threads.map(gets_in, processes))
    for process in processes:
        process.close()
    assert sorted(results) == [False, False, True]


def test_neither_table_nor_log_holds_the_secret_and_it_goes_with_the_key(
    app: Adapters, settings: Settings
) -> None:
    codes = TotpCodes(settings.secret_key)
    proof, secret, paper = confirmed(app, codes)
    with tenant_scope(app.pool, PLATFORM) as cursor:
        rows = cursor.execute("SELECT sealed FROM second_factors").fetchall()
        events = cursor.execute("SELECT data FROM events").fetchall()
    stored = repr(rows) + repr(events)
    assert len(rows) == 1
    assert len(events) == 2
    assert not any(each in stored for each in (secret, *paper))
    factors = PostgresSecondFactors(app.pool, app.vault)
    assert factors.secret(proof.user_id) == secret
    assert factors.secret(uuid4()) is None
    app.vault.destroy(PLATFORM, proof.user_id)
    assert factors.secret(proof.user_id) is None
    with pytest.raises(WrongCodeError):
        prove_second_factor(proof, asking(PLATFORM), app.log, factors, codes, app.rate_buckets)
