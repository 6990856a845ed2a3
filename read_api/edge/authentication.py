"""Who asks? Each kind of credential has an authenticator; the first that knows it answers."""

from collections.abc import Sequence
from typing import Protocol

from read_api.edge.refusals import unauthorized
from read_api.edge.request_marks import AnyConnection, Caller


class Authenticator(Protocol):
    """Knows one kind of credential."""

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:
        """Return whose it is; None when it is not of this kind.

        Raises RefusalError unauthorized for one of this kind that is wrong, over or revoked.
        """


class Authentication:
    """The authenticators in order."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = authenticators

    async def caller(self, connection: AnyConnection) -> Caller:
        """Return who asks. Raises RefusalError unauthorized."""
        scheme, _, credential = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise unauthorized("send Authorization: Bearer with an API token")
        for authenticator in self._authenticators:
            caller = await authenticator.caller(credential.strip(), connection)
            if caller is not None:
                return caller
        raise unauthorized("the API token is wrong or was revoked")
