"""The secret of a key as the commands see it: drawn outside, kept as a digest, shown once."""

import hashlib
from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.developer.decider import API_TOKEN
from domain.developer.scopes import Issuer
from domain.shared.context import Context
from domain.shared.errors import SecretShownError

PREFIX_CHARACTERS = 14  # `ee_live_` and six: recognisable, of no use to a thief
TOKEN_ACTOR = "token:"  # noqa: S105 the first part of an actor's name


class Secret(msgspec.Struct, frozen=True):
    """A new secret; its repr shows nothing of it."""

    text: str

    @property
    def sha256(self) -> str:
        """What is stored of it, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def prefix(self) -> str:
        """What lists show of it."""
        return self.text[:PREFIX_CHARACTERS]

    def __repr__(self) -> str:
        return "Secret(***)"


def issuer_of(permissions: frozenset[str], context: Context, log: EventLog) -> Issuer:
    """Return who asks; a key that asks is bound by its own grant."""
    if not context.actor.startswith(TOKEN_ACTOR):
        return Issuer(permissions=permissions)
    token_id = UUID(context.actor.removeprefix(TOKEN_ACTOR))
    own = log.state(API_TOKEN, token_id, context)
    return Issuer(permissions=permissions, bounds=own.grant)


def require_shown_now(secret: Secret, token_id: UUID, context: Context, log: EventLog) -> None:
    """Refuse to show a secret that is not the key's: the same command was answered before."""
    if log.state(API_TOKEN, token_id, context).sha256 != secret.sha256:
        raise SecretShownError(
            "this request was done before, and its secret shown then: rotate the key for a new one"
        )
