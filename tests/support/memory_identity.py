"""The ports of accounts in memory: what an effect says happens when the log takes it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import msgspec

from commands.identity.begin_session import OpenedSession
from commands.identity.letters import Letters
from commands.identity.ports import (
    FoundAccount,
    NewSession,
    Purpose,
    Refreshed,
    ReusedTokenError,
    SignInRefusedError,
    TokenRefusedError,
    TooManyAttemptsError,
)
from commands.identity.register_account import RegisterAccount, register_account
from commands.identity.sign_in import Challenge, Door, SignIn, sign_in
from commands.identity.verify_address import verify_address
from commands.ports import Effect, EventLog
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError, InvalidInputError, NotFoundError
from domain.shared.model import Event, StreamModel
from domain.shared.platform import PLATFORM
from infra.eventstore.log import no_effects
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemorySystemMails

S = TypeVar("S")
E = TypeVar("E", bound=Event)

EMAIL, PASSWORD = "ann@example.com", "a long and winding sentence"
OPENED_AT = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


class Change(msgspec.Struct, frozen=True):
    """An effect that is a call."""

    make: Callable[[], object]

    def apply(self, cursor: object) -> None:
        del cursor
        self.make()


class ApplyingLog(MemoryEventLog):
    """Applies effects with the append, which fails where one of them does."""

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
        def applied(events: Sequence[E]) -> Sequence[Effect]:
            made = effects(events)
            for effect in made:
                effect.apply(None)
            return made

        return super().decide(model, stream_id, decision, context, effects=applied, fresh=fresh)


class MemoryAccountBook:
    """The port `Accounts`; `hidden` addresses are not found at the first look, as in a race."""

    def __init__(self) -> None:
        self.kept: dict[UUID, FoundAccount] = {}
        self.owned: dict[UUID, int] = {}
        self.forgotten: list[UUID] = []
        self.hidden: list[str] = []

    def checked(self, email: str) -> str:
        if "@" not in email:
            raise InvalidInputError("`email` is no address")
        return email.strip()

    def by_address(self, email: str) -> FoundAccount | None:
        if email in self.hidden:
            self.hidden.remove(email)
            return None
        found = [one for one in self.kept.values() if one.email.lower() == email.lower()]
        return found[0] if found else None

    def by_id(self, user_id: UUID) -> FoundAccount | None:
        return self.kept.get(user_id)

    def last_owner_of(self, user_id: UUID) -> int:
        return self.owned.get(user_id, 0)

    def add(
        self, user_id: UUID, *, email: str, password_hash: str | None, verified: bool
    ) -> Change:
        def add() -> None:
            if any(one.email == email for one in self.kept.values()):
                raise ConcurrentChangeError("the address has an account")
            self.kept[user_id] = FoundAccount(
                user_id=user_id,
                email=email,
                password_hash=password_hash,
                verified=verified,
                disabled=False,
                factor_required=False,
            )

        return Change(add)

    def verified(self, user_id: UUID) -> Change:
        return Change(lambda: self.change(user_id, verified=True))

    def password_changed(self, user_id: UUID, password_hash: str) -> Change:
        return Change(lambda: self.change(user_id, password_hash=password_hash))

    def rehash(self, user_id: UUID, password_hash: str) -> None:
        self.change(user_id, password_hash=password_hash)

    def disabled(self, user_id: UUID, *, disabled: bool) -> Change:
        return Change(lambda: self.change(user_id, disabled=disabled))

    def removed(self, user_id: UUID) -> Change:
        return Change(lambda: self.kept.pop(user_id))

    def forget(self, user_id: UUID) -> None:
        self.forgotten.append(user_id)

    def change(self, user_id: UUID, **values: object) -> None:
        self.kept[user_id] = msgspec.structs.replace(self.kept[user_id], **values)


class PlainPasswords:
    """The port `Passwords`; `compared` says against what each attempt was compared."""

    def __init__(self) -> None:
        self.compared: list[str | None] = []
        self.breached: set[str] = set()

    def hash(self, password: str) -> str:
        return f"new {password}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        self.compared.append(password_hash)
        return password_hash in {f"new {password}", f"old {password}"}

    def outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old ")

    def known(self, password: str) -> bool:
        return password in self.breached


class MemorySingleUseTokens:
    """The port `SingleUseTokens`."""

    def __init__(self) -> None:
        self.good: dict[str, tuple[Purpose, UUID]] = {}

    def issue(
        self, purpose: Purpose, user_id: UUID, *, valid_s: int
    ) -> tuple[str, datetime, Change]:
        token = uuid4().hex
        good = Change(lambda: self.good.update({token: (purpose, user_id)}))
        return token, OPENED_AT + timedelta(seconds=valid_s), good

    def owner(self, purpose: Purpose, token: str) -> UUID:
        found = self.good.get(token)
        if found is None or found[0] is not purpose:
            raise TokenRefusedError("the link was used")
        return found[1]

    def redeem(self, purpose: Purpose, token: str) -> Change:
        del purpose
        return Change(lambda: self.good.pop(token))


class MemorySessions:
    """The port `Sessions`; a refresh token is `<session> <generation>`."""

    def __init__(self) -> None:
        self.good: dict[UUID, NewSession] = {}
        self.generation: dict[UUID, int] = {}
        self.homes: dict[UUID, list[UUID]] = {}

    def begin(self, session: NewSession) -> tuple[str, Change]:
        good = Change(lambda: self.good.update({session.session_id: session}))
        self.generation[session.session_id] = 0
        return f"{session.session_id} 0", good

    def end(self, session_id: UUID) -> Change:
        return Change(lambda: self.good.pop(session_id, None))

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> Change:
        def end_all() -> None:
            for session_id in self.running(user_id, but=but):
                del self.good[session_id]

        return Change(end_all)

    def refresh(self, token: str) -> Refreshed:
        named, counted = token.split()
        session_id, generation = UUID(named), int(counted)
        found = self.good.get(session_id)
        if found is None:
            raise TokenRefusedError("the session has ended")
        if generation != self.generation[session_id]:
            raise ReusedTokenError(session_id)
        self.generation[session_id] += 1
        return Refreshed(
            session_id=session_id,
            user_id=found.user_id,
            workspace_id=found.workspace_id,
            refresh_token=f"{session_id} {generation + 1}",
        )

    def enter(self, session_id: UUID, workspace_id: UUID | None) -> None:
        self.good[session_id] = msgspec.structs.replace(
            self.good[session_id], workspace_id=workspace_id
        )

    def home_of(self, user_id: UUID, wanted: UUID | None) -> UUID | None:
        homes = self.homes.get(user_id, [])
        if wanted is not None and wanted not in homes:
            raise NotFoundError("there is no such workspace")
        return wanted or (homes[0] if len(homes) == 1 else None)

    def running(self, user_id: UUID, *, but: UUID | None = None) -> Sequence[UUID]:
        mine = [one.session_id for one in self.good.values() if one.user_id == user_id]
        return [session_id for session_id in mine if session_id != but]


class PlainAccessTokens:
    """The port `AccessTokens`: the token says what is in it."""

    def issue(
        self, user_id: UUID, session_id: UUID, workspace_id: UUID | None, *, now: datetime
    ) -> tuple[str, int]:
        del now
        return f"{user_id} {session_id} {workspace_id}", 600


class CountedAttempts:
    """The port `Attempts`: so many failures in a row, and no more."""

    def __init__(self, *, failures: int = 3) -> None:
        self.left = failures
        self._failures = failures
        self.networks: list[str | None] = []

    def begin(self, email: str, network: str | None) -> None:
        del email
        if self.left == 0:
            raise TooManyAttemptsError("too many", retry_after_s=1)
        self.networks.append(network)
        self.left -= 1

    def succeeded(self, email: str, network: str | None) -> None:
        del email, network
        self.left = self._failures

    def mailing(self, email: str, network: str | None) -> None:
        del email, network


class MemoryHouse:
    """All ports of accounts, and the verbs that tests begin with."""

    def __init__(self) -> None:
        self.log: EventLog = ApplyingLog()
        self.accounts, self.passwords = MemoryAccountBook(), PlainPasswords()
        self.tokens, self.sessions = MemorySingleUseTokens(), MemorySessions()
        self.access, self.attempts = PlainAccessTokens(), CountedAttempts()
        self.mails = MemorySystemMails()
        self.letters = Letters(self.mails, self.tokens, uuid4, public_url="https://engine.example")
        self.door = Door(
            accounts=self.accounts,
            passwords=self.passwords,
            sessions=self.sessions,
            tokens=self.tokens,
            access=self.access,
            attempts=self.attempts,
        )

    @property
    def told(self) -> list[str]:
        """The facts so far, by name."""
        assert isinstance(self.log, MemoryEventLog)
        return [type(event).__name__ for _, _, event in self.log.events]

    def facts(self) -> str:
        """All facts as they are stored, but for the sealing."""
        assert isinstance(self.log, MemoryEventLog)
        return msgspec.json.encode([event for _, _, event in self.log.events]).decode()

    def mailed(self) -> list[tuple[str, str]]:
        """Take what was mailed: kind, and the token of its link."""
        taken = [(m.kind, m.values["link"].partition("#token=")[2]) for m in self.mails.queued]
        self.mails.queued.clear()
        return taken

    def register(self, email: str = EMAIL, password: str = PASSWORD) -> UUID:
        user_id = uuid4()
        command = RegisterAccount(user_id=user_id, email=email, password=password)
        register_account(
            command, asking(PLATFORM), self.log, self.accounts, self.passwords, self.letters
        )
        return user_id

    def verify(self) -> None:
        ((_, token),) = self.mailed()
        verify_address(token, asking(PLATFORM), self.log, self.accounts, self.tokens)

    def sign_in(
        self, email: str = EMAIL, password: str = PASSWORD, workspace_id: UUID | None = None
    ) -> OpenedSession | Challenge:
        command = SignIn(
            session_id=uuid4(), email=email, password=password, workspace_id=workspace_id
        )
        return sign_in(command, asking(PLATFORM), self.log, self.door)

    def opened(self, password: str = PASSWORD) -> OpenedSession:
        opened = self.sign_in(password=password)
        assert isinstance(opened, OpenedSession)
        return opened

    def lets_in(self, password: str) -> bool:
        try:
            return isinstance(self.sign_in(password=password), OpenedSession)
        except SignInRefusedError:
            return False
