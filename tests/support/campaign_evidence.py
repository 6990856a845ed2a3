"""A customer of a running engine, and what log, read models and mailbox say of a campaign."""

import http.client
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TypeVar
from uuid import UUID

import msgspec

from domain.contacts.events import ContactImported
from domain.delivery.events import (
    EmailBounced,
    EmailFailed,
    EmailSent,
    EmailSkipped,
    EmailUncertain,
)
from domain.shared.model import Event
from infra.bootstrap import Adapters
from infra.eventstore.log_order import check_order
from infra.postgres.connections import Role
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from projections.registry import PROJECTIONS
from tests.support.running_engine import wait_until
from workers.cli.projections import verified
from workers.cli.workspace import found_workspace
from workers.demo.mailbox import read_mailbox
from workers.demo.web import Json, UnexpectedAnswerError, Web

HTML = '<p>Hello {{ first_name | default: "you" }}, <a href="https://example.com/a">look</a>.</p>'
Final = EmailSent | EmailBounced | EmailFailed | EmailUncertain | EmailSkipped
OUTCOMES: dict[type[Final], str] = {
    EmailSent: "sent",
    EmailBounced: "bounced",
    EmailFailed: "failed",
    EmailUncertain: "uncertain",
    EmailSkipped: "skipped",
}
COMPLETED_WITHIN_S = 90.0
E = TypeVar("E", bound=Event)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to compare."""

    audience: set[UUID]
    outcomes: list[Final]
    accepted: list[tuple[UUID, str]]  # message and recipient, of each mail in the mailbox
    stats: dict[str, int]
    unverified: list[str]
    log_faults: list[str]

    def count(self, kind: type[Final]) -> int:
        return sum(isinstance(event, kind) for event in self.outcomes)

    def disagreements(self) -> list[str]:
        """Return a sentence for whatever does not agree."""
        sent = {e.message_id for e in self.outcomes if isinstance(e, EmailSent)}
        uncertain = {e.message_id for e in self.outcomes if isinstance(e, EmailUncertain)}
        arrived = {message for message, _ in self.accepted}
        each = Counter(event.contact_id for event in self.outcomes)
        found = [
            *_some("people without an outcome", self.audience - set(each)),
            *_some("outcomes of strangers", set(each) - self.audience),
            *_some("people with two outcomes", [c for c, n in each.items() if n > 1]),
            *_some("messages mailed twice", _repeated(message for message, _ in self.accepted)),
            *_some("people mailed twice", _repeated(who for _, who in self.accepted)),
            *_some("sent, but not in the mailbox", sent - arrived),
            *_some("in the mailbox, neither sent nor uncertain", arrived - sent - uncertain),
            *(f"{name} does not match the log" for name in self.unverified),
            *self.log_faults,
        ]
        for kind, name in OUTCOMES.items():
            if self.stats[name] != self.count(kind):
                found.append(f"stats say {self.stats[name]} {name}, the log {self.count(kind)}")
        return found


class Customer:
    """A workspace that imports, launches, and looks; asks again while a part is away."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        adapters = self._adapters()
        try:
            founded = found_workspace(
                adapters,
                name="Lemon & Thyme",
                sender_name="Lemon & Thyme",
                sender_address="news@example.com",
                postal_address="1 Orchard Road, Springfield",
            )
        finally:
            adapters.close()
        self.workspace_id = founded.workspace_id
        self.token = founded.token
        template = {"name": "t", "subject": "News", "html": HTML}
        with self._api() as api:
            self._template = api.post("/v1/templates", template)["id"]

    def begin_import(self, rows: Sequence[str]) -> str:
        text = "\n".join(["email,first_name", *rows, ""]).encode()
        with self._api() as api:
            answer = api.request("POST", "/v1/contacts/imports", text, "text/csv")
        assert answer.status == http.client.ACCEPTED, answer.body
        return f"/v1/contacts/imports/{answer.json()['id']}"

    def imported(self, rows: Sequence[str]) -> Json:
        """Import and wait for the end."""
        return self.wait_for_import(self.begin_import(rows))

    def wait_for_import(self, path: str) -> Json:
        wait_until(lambda: self.ask(path, "status") not in {"running", None}, "the import's end")
        return self._get(path)

    def launch(self) -> UUID:
        draft = {"name": "Autumn", "template_id": self._template}
        with self._api() as api:
            campaign = api.post("/v1/campaigns", draft)["id"]
            api.post(f"/v1/campaigns/{campaign}/launch")
        return UUID(campaign)

    def wait_until_completed(self, campaign: UUID, *, within_s: float = COMPLETED_WITHIN_S) -> None:
        path = f"/v1/campaigns/{campaign}"
        wait_until(
            lambda: self.ask(path, "status") == "completed", "the campaign's end", within_s=within_s
        )

    def ask(self, path: str, field: str) -> Json:
        """Return a field of the answer; None while nobody answers or the database is away."""
        try:
            return self._get(path)[field]
        except (OSError, http.client.HTTPException, UnexpectedAnswerError):
            return None

    def accepted(self) -> int:
        """Return how many mails the catcher has taken so far, of everybody."""
        with self._catcher() as catcher:
            return int(catcher.get("/api/stats")["accepted"])

    def evidence(self, campaign: UUID) -> Evidence:
        """Collect everything, once the read models have come to the end of the log."""
        adapters = self._adapters()
        try:
            imported = self._facts(adapters, ContactImported)
            every = self._facts(adapters, *OUTCOMES)
            outcomes = [event for event in every if event.campaign_id == campaign]
            self._wait_for_stats(campaign, len(outcomes))
            of_campaign = {event.message_id for event in outcomes}
            return Evidence(
                audience={event.contact_id for event in imported},
                outcomes=outcomes,
                accepted=[mail for mail in self.mailbox() if mail[0] in of_campaign],
                stats=self._get(f"/v1/campaigns/{campaign}/stats"),
                unverified=[name for name in PROJECTIONS if not verified(adapters, name).ok],
                log_faults=check_order(adapters.pool).faults,
            )
        finally:
            adapters.close()

    def mailbox(self) -> list[tuple[UUID, str]]:
        """Return message and recipient of every mail that was ever accepted, in order."""
        with self._catcher() as catcher:
            return [
                (UUID(mail.message_id.strip("<>").partition("@")[0]), mail.recipient)
                for _, mail in read_mailbox(catcher)
            ]

    def contacts(self) -> set[UUID]:
        """Return the people whose import is in the log."""
        adapters = self._adapters()
        try:
            facts = self._facts(adapters, ContactImported)
        finally:
            adapters.close()
        return {event.contact_id for event in facts}

    def suppressed(self) -> int:
        """Return how many people may not be mailed any more."""
        adapters = self._adapters()
        try:
            with tenant_scope(adapters.pool, self.workspace_id) as cursor:
                row = cursor.execute(
                    "SELECT count(DISTINCT contact_id) FROM do_not_mail WHERE workspace_id = %s",
                    (self.workspace_id,),
                ).fetchone()
        finally:
            adapters.close()
        return int(row[0]) if row else 0

    def _facts(self, adapters: Adapters, *kinds: type[E]) -> list[E]:
        tags = {kind.TAG for kind in kinds}
        return [
            event
            for page in adapters.reader.pages(0)
            for row in page
            if row.workspace_id == self.workspace_id and row.tag in tags
            if isinstance(event := adapters.mapper.decode(row.tag, row.data), kinds)
        ]

    def _wait_for_stats(self, campaign: UUID, outcomes: int) -> None:
        path = f"/v1/campaigns/{campaign}/stats"

        def seen() -> bool:
            stats = self._get(path)
            return sum(stats[name] for name in OUTCOMES.values()) >= outcomes

        wait_until(seen, "the read models")

    def _adapters(self) -> Adapters:
        return Adapters(self.settings, role=Role.WORKER, name="engine-test", pool_size=2)

    def _get(self, path: str) -> Json:
        with self._api() as api:
            return api.get(path)

    def _api(self) -> closing[Web]:
        return closing(Web(self.settings.public_url, token=self.token))

    def _catcher(self) -> closing[Web]:
        return closing(Web(f"http://127.0.0.1:{self.settings.catcher_http_port}"))


def people(number: int, *, bouncing: int = 0) -> list[str]:
    """Return rows of an import file; the first ones have left their mailbox."""
    gone = [f"gone{n}@bounce.example.com,Gone{n}" for n in range(bouncing)]
    return gone + [f"person{n}@example.com,Person{n}" for n in range(number - bouncing)]


def _repeated(values: Iterable[object]) -> list[object]:
    return [value for value, n in Counter(values).items() if n > 1]


def _some(what: str, found: Iterable[object]) -> list[str]:
    examples = [str(item) for item in found]
    return [f"{len(examples)} {what}: {', '.join(examples[:3])}"] if examples else []
