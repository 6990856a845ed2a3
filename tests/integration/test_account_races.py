"""What happens to accounts at the same moment, and half-way: no session outlives its reason."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event as Signal
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
import pytest

from commands.identity.change_password import change_password
from commands.identity.close_account import disable_account, enable_account
from commands.identity.letters import Letters
from commands.identity.sign_in import Door, SignIn, sign_in
from commands.ports import Effect
from domain.identity.account import ACCOUNT
from domain.shared.context import Context
from domain.shared.model import Event, StreamModel
from domain.shared.platform import PLATFORM
from domain.tenancy.decider import WORKSPACE
from domain.tenancy.roles import Role
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.passwords import Argon2Passwords
from infra.eventstore.log import no_effects
from infra.eventstore.memory import MemoryEventLog
from infra.postgres.attempts import NETWORK, PostgresAttempts
from infra.postgres.sessions import PostgresSessions
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from infra.postgres.sql_effect import StaleStateError
from infra.postgres.system_mails import PostgresSystemMails
from infra.postgres.tenant_scope import tenant_scope
from tests.support.accounts import PASSWORD, Signed, mailed, signed, signed_up
from tests.support.accounts import sign_in as ask_in
from tests.support.asking import asking
from tests.support.http_client import serving
from tests.support.invitations import invited_by_operator

pytestmark = pytest.mark.integration

OTHER = "quite another sentence than before"
S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Died(BaseException):
    """The process was killed."""


class Hesitant(Argon2Passwords):
    """Says yes, and lets others act before anybody hears it."""

    def __init__(self) -> None:
        super().__init__(at_once=1)
        self.said, self.go_on = Signal(), Signal()

    def verify(self, password_hash: str | None, password: str) -> bool:
        right = super().verify(password_hash, password)
        self.said.set()
        assert self.go_on.wait(20)
        return right


class DyingLog(MemoryEventLog):
    """The real log, in a process that is killed after the account's own append."""

    def __init__(self, app: Adapters) -> None:
        super().__init__()
        self._log = app.log

    def decide(
        self,
        model: StreamModel[S, E],
        stream_id: UUID,
        decision: Callable[[S], Sequence[E]],
        context: Context,
        *,
        effects: Callable[[Sequence[E]], Sequence[Effect]] = no_effects,
        fresh: bool = False,
    ) -> int:
        if model.name != ACCOUNT.name:
            raise Died
        return self._log.decide(model, stream_id, decision, context, effects=effects, fresh=fresh)

    def state(self, model: StreamModel[S, E], stream_id: UUID, context: Context) -> S:
        raise Died(model, stream_id, context)


@pytest.fixture
def client(app: Adapters) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        yield opened


@pytest.fixture
def email() -> str:
    return f"ann.{uuid4().hex[:8]}@example.com"


@pytest.fixture
def ann(client: httpx.Client, worker: Adapters, email: str) -> Signed:
    mailed(worker)
    return signed_up(client, worker, email)


def door(app: Adapters, passwords: Argon2Passwords) -> Door:
    return Door(
        accounts=app.accounts,
        passwords=passwords,
        sessions=PostgresSessions(app.pool, app.settings.secret_key),
        tokens=PostgresSingleUseTokens(app.pool),
        access=app.access_tokens,
        attempts=PostgresAttempts(app.pool, app.rate_buckets, app.accounts),
    )


def change(client: httpx.Client, ann: Signed) -> None:
    body = {"current_password": PASSWORD, "new_password": OTHER}
    assert client.put("/v1/me/password", json=body, headers=ann.headers).status_code == 200


def close(app: Adapters, ann: Signed) -> None:
    sessions = PostgresSessions(app.pool, app.settings.secret_key)
    disable_account(ann.user_id, asking(PLATFORM), app.log, app.accounts, sessions, reason="spam")


@pytest.mark.parametrize("what", ["password", "account", "factor"])
def test_who_signs_in_while_the_password_or_what_is_asked_for_changes_is_not_let_in(
    client: httpx.Client, app: Adapters, ann: Signed, email: str, what: str
) -> None:
    hesitant = Hesitant()
    command = SignIn(session_id=new_id(), email=email, password=PASSWORD)
    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(sign_in, command, asking(PLATFORM), app.log, door(app, hesitant))
        assert hesitant.said.wait(20)
        if what == "password":
            change(client, ann)
        elif what == "account":
            close(app, ann)
        else:
            with tenant_scope(app.pool, PLATFORM) as cursor:
                cursor.execute("UPDATE accounts SET factor_required = true")
        hesitant.go_on.set()
        with pytest.raises(StaleStateError):
            late.result(20)
    if what == "account":
        enable_account(ann.user_id, asking(PLATFORM), app.log, app.accounts)
    sessions = PostgresSessions(app.pool, app.settings.secret_key)
    assert command.session_id not in sessions.running(ann.user_id)


def test_no_session_survives_a_process_that_dies_after_the_new_password_was_taken(
    client: httpx.Client, app: Adapters, ann: Signed, email: str
) -> None:
    other = signed(ask_in(client, email))
    inside = door(app, Argon2Passwords(at_once=1))
    found = app.accounts.by_id(ann.user_id)
    assert found is not None
    letters = Letters(
        PostgresSystemMails(app.vault), inside.tokens, new_id, public_url="http://127.0.0.1:1"
    )
    with pytest.raises(Died):
        change_password(
            found, OTHER, asking(PLATFORM), DyingLog(app), inside, letters, keep=ann.session_id
        )
    assert client.get("/v1/me", headers=other.headers).status_code == 401
    assert client.get("/v1/me", headers=ann.headers).status_code == 200


def two_owners(
    client: httpx.Client, app: Adapters, worker: Adapters, ann: Signed, email: str
) -> tuple[UUID, Signed]:
    founded = client.post("/v1/workspaces", json={"name": "Acme"}, headers=ann.headers)
    home, bob = UUID(founded.json()["id"]), signed_up(client, worker, f"bob.{email}")
    token = invited_by_operator(app, home, new_id(), f"bob.{email}")
    joined = client.post("/v1/invitations/accept", json={"token": token}, headers=bob.headers)
    assert joined.status_code == 202, joined.text
    return home, bob


def leave(client: httpx.Client, person: Signed) -> int:
    body = {"password": PASSWORD}
    return client.request("DELETE", "/v1/me", json=body, headers=person.headers).status_code


def test_who_closes_the_account_is_an_owner_of_nothing_any_more(
    client: httpx.Client, app: Adapters, worker: Adapters, ann: Signed, email: str
) -> None:
    home, bob = two_owners(client, app, worker, ann, email)
    assert leave(client, ann) == 200
    assert app.log.state(WORKSPACE, home, asking(home)).members == {bob.user_id: Role.OWNER}
    assert leave(client, bob) == 409


def test_of_two_owners_who_go_at_once_one_stays(
    client: httpx.Client, app: Adapters, worker: Adapters, ann: Signed, email: str
) -> None:
    home, bob = two_owners(client, app, worker, ann, email)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda person: leave(client, person), (ann, bob)))
    assert sorted(answers) == [200, 409]
    assert len(app.log.state(WORKSPACE, home, asking(home)).members) == 1


def test_asking_for_the_password_again_has_no_bucket_that_everybody_shares(
    app: Adapters, email: str
) -> None:
    attempts = door(app, Argon2Passwords(at_once=1)).attempts
    for n in range(int(NETWORK[0]) + 5):
        attempts.begin(f"{n}.{email}", None)


def test_no_request_with_a_password_is_kept_under_a_digest_that_can_be_tried(
    client: httpx.Client, app: Adapters, ann: Signed
) -> None:
    body = {"current_password": PASSWORD, "new_password": OTHER}
    headers = ann.headers | {"Idempotency-Key": "once"}
    sent = client.build_request("PUT", "/v1/me/password", json=body, headers=headers)
    assert client.send(sent).status_code == 200
    plain = sha256(b"PUT\x00/v1/me/password\x00\x00" + sha256(sent.content).digest()).digest()
    with tenant_scope(app.pool, ann.user_id) as cursor:
        kept = cursor.execute("SELECT request_sha256 FROM request_keys").fetchall()
    assert len(kept) == 1
    assert bytes(kept[0][0]) != plain
