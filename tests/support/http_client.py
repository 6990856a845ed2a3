"""Workspaces with tokens, and a client that speaks to the real application in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
import msgspec
from litestar.testing import TestClient

from commands.developer.issue_api_token import IssueApiToken, issue_api_token
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.crypto.tokens import new_token
from infra.postgres.api_tokens import PostgresApiTokens
from read_api.app import create_app
from tests.support.asking import asking


class House(msgspec.Struct, frozen=True):
    """A workspace and the secret of its token."""

    workspace_id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def found_house(
    app: Adapters, name: str = "Lemon & Thyme", *, permissions: tuple[str, ...] = ()
) -> House:
    workspace_id = new_id()
    create_workspace(
        CreateWorkspace(
            workspace_id=workspace_id,
            name=name,
            sender_name=name,
            sender_address="news@example.com",
            postal_address="1 Orchard Road, Springfield",
        ),
        asking(workspace_id),
        app.log,
    )
    return House(workspace_id, issued_token(app, workspace_id, *permissions))


def issued_token(app: Adapters, workspace_id: UUID, *permissions: str) -> str:
    token = new_token()
    issue_api_token(
        IssueApiToken(token_id=new_id(), name="test", secret=token, permissions=permissions),
        asking(workspace_id),
        app.log,
        PostgresApiTokens(),
    )
    return token


@contextmanager
def serving(app: Adapters) -> Iterator[httpx.Client]:
    """Run the application; the client follows no redirects."""
    with TestClient(create_app(app), raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client
