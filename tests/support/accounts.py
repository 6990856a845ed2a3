"""People with accounts: what our mails say to them, and how they sign in by the API."""

from uuid import UUID, uuid4

import httpx
import msgspec

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.system_mails import SystemMailQueue
from infra.postgres.tenant_scope import tenant_scope

PASSWORD = "a long and winding sentence"


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signed in."""

    user_id: UUID
    session_id: UUID
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def mailed(worker: Adapters) -> list[tuple[str, str, str]]:
    """Take all waiting system mail as a dispatcher would: (kind, address, link)."""
    owner, leases = uuid4(), DispatcherLeases(worker.pool)
    leases.sign_on(owner)
    queue = SystemMailQueue(worker.pool, worker.vault, owner=owner)
    found = []
    for mail in queue.claim(limit=100):
        content = queue.open(mail)
        assert content is not None
        found.append((mail.kind, content.to_address, content.values.get("link", "")))
        with tenant_scope(worker.pool, mail.workspace_id) as cursor:
            queue.remove(mail).apply(cursor)
    leases.sign_off(owner)
    return found


def token_of(link: str) -> str:
    return link.partition("#token=")[2]


def register(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/v1/accounts", json={"email": email, "password": password})


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/v1/sessions", json={"email": email, "password": password})


def signed_up(client: httpx.Client, worker: Adapters, email: str) -> Signed:
    """Register, verify and sign in."""
    assert register(client, email).status_code == 202
    ((kind, address, link),) = mailed(worker)
    assert (kind, address) == ("verify_address", email)
    verified = client.post("/v1/accounts/verification", json={"token": token_of(link)})
    assert verified.status_code == 200, verified.text
    return signed(sign_in(client, email))


def signed(answer: httpx.Response) -> Signed:
    assert answer.status_code == 200, answer.text
    return msgspec.convert({name: answer.json()[name] for name in Signed.__struct_fields__}, Signed)


def join(app: Adapters, workspace_id: UUID, user_id: UUID, role: str) -> None:
    """Make somebody a member, as the effect of a member's event does."""
    with tenant_scope(app.pool, workspace_id) as cursor:
        cursor.execute(
            "INSERT INTO members (workspace_id, user_id, role) VALUES (%s, %s, %s)"
            " ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role",
            (workspace_id, user_id, role),
        )


def in_workspace(client: httpx.Client, person: Signed, workspace_id: UUID) -> dict[str, str]:
    """Return the headers of somebody who acts in one of his workspaces."""
    chosen = {"workspace_id": str(workspace_id)}
    answer = client.post("/v1/sessions/workspace", json=chosen, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def set_clock_back(app: Adapters, session_id: UUID, column: str, by: str) -> None:
    """Let a session be older than it is."""
    statements = {
        "used_at": "UPDATE sessions SET used_at = used_at - %s::interval",
        "ends_at": "UPDATE sessions SET ends_at = ends_at - %s::interval",
        "began_at": "UPDATE sessions SET began_at = began_at - %s::interval",
        "rotated_at": "UPDATE sessions SET rotated_at = rotated_at - %s::interval",
    }
    with tenant_scope(app.pool, PLATFORM) as cursor:
        cursor.execute(f"{statements[column]} WHERE session_id = %s", (by, session_id))  # type: ignore[arg-type]
