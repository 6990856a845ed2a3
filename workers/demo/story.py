"""The main job, told once: import, template, campaign, readers, a second campaign."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from domain.delivery.events import EmailSent
from infra.bootstrap import Adapters
from infra.eventstore.log_order import check_order
from infra.postgres.connections import Role
from infra.settings import Settings
from projections.campaign_stats import FINAL
from projections.registry import PROJECTIONS
from workers.cli.projections import verified
from workers.cli.workspace import found_workspace
from workers.demo.mailbox import Mail, empty_mailbox, read_mailbox
from workers.demo.readers import Behaviour, behave
from workers.demo.visitor import Visitor, let_in
from workers.demo.web import Web

SUBJECT = "{{ first_name | default: 'Hello' }}, plant now and thank yourself in April"
SETTLE_WITHIN_S = 60.0
IMPORT_WITHIN_S = 600.0
ENDED = {"completed", "cancelled"}
Say = Callable[[str], None]


class Sending(msgspec.Struct, frozen=True):
    """One campaign, seen from three sides."""

    campaign_id: UUID
    stats: dict[str, int]  # what the read model says
    facts: int  # EmailSent in the log
    mails: list[Mail]  # what the SMTP server accepted
    seconds: float

    @property
    def repeated(self) -> int:
        """Mails too many: the same message, or the same recipient, more than once."""
        by_message = Counter(mail.message_id for mail in self.mails)
        by_recipient = Counter(mail.recipient for mail in self.mails)
        return max(sum(n - 1 for n in c.values()) for c in (by_message, by_recipient))


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the report needs."""

    imported: dict[str, int]
    first: Sending
    behaviour: Behaviour
    second: Sending
    unverified: list[str]
    log_faults: list[str]
    visitor: Visitor


def tell(settings: Settings, *, contacts: Path, template: Path, keep_tags: bool, say: Say) -> Told:
    """Do the whole job on a running engine. Raises UnexpectedAnswerError where it breaks."""
    with ExitStack() as cleanup:
        adapters = Adapters(settings, role=Role.WORKER, name="engine-demo")
        cleanup.callback(adapters.close)

        def web(base: str, *, token: str = "") -> Web:
            opened = Web(base, token=token)
            cleanup.callback(opened.close)
            return opened

        founded = found_workspace(
            adapters,
            name="Demo",
            sender_name="Larkspur & Pine",
            sender_address="letter@larkspur.example.com",
            postal_address="Larkspur & Pine, 1 Example Lane, 12345 Exampleton",
        )
        api = web(settings.public_url, token=founded.token)
        catcher = web(f"http://127.0.0.1:{settings.catcher_http_port}")
        say(f"importing {contacts.name} ({contacts.stat().st_size / 1e6:.1f} MB)")
        imported = _import(api, contacts)
        say("adding the template " + template.name)
        template_id = _add_template(api, template, keep_tags=keep_tags)
        say(f"sending the first campaign to {imported['valid']:,} contacts")
        story = _Story(adapters, api, catcher, founded.workspace_id, template_id)
        first = story.send("Seed letter no. 48")
        say(f"reading the mail: {len(first.mails):,} messages")
        behaviour = behave(web(settings.public_url), first.mails)
        story.settle(first.campaign_id, behaviour)
        say("sending a second campaign to the same audience")
        second = story.send("Seed letter no. 49")
        first = story.again(first)
        say("verifying every read model against the log")
        unverified = [name for name in PROJECTIONS if not verified(adapters, name).ok]
        order = check_order(adapters.pool)
        visitor = let_in(adapters, founded.workspace_id)
    return Told(
        imported=imported,
        first=first,
        behaviour=behaviour,
        second=second,
        unverified=unverified,
        log_faults=order.faults,
        visitor=visitor,
    )


class _Story:
    """Sends campaigns of one workspace and looks at them from every side."""

    def __init__(
        self, adapters: Adapters, api: Web, catcher: Web, workspace_id: UUID, template_id: str
    ) -> None:
        self._adapters = adapters
        self._api = api
        self._catcher = catcher
        self._workspace_id = workspace_id
        self._template_id = template_id
        self._seen = 0
        empty_mailbox(catcher)

    def send(self, name: str) -> Sending:
        """Draft, launch, wait for the end, and collect what was accepted."""
        started = time.monotonic()
        draft = {"name": name, "template_id": self._template_id}
        campaign_id = self._api.post("/v1/campaigns", draft)["id"]
        position = self._api.post(f"/v1/campaigns/{campaign_id}/launch")["position"]
        self._api.get_own_write(f"/v1/campaigns/{campaign_id}", after=position)
        while self._api.get(f"/v1/campaigns/{campaign_id}")["status"] not in ENDED:
            time.sleep(0.1)
        seconds = time.monotonic() - started
        self._wait(lambda: self._accounted_for(campaign_id), "the figures of the campaign")
        mails = []
        for at, mail in read_mailbox(self._catcher, after=self._seen):
            self._seen = at
            mails.append(mail)
        return self._look(UUID(campaign_id), mails, seconds)

    def settle(self, campaign_id: UUID, behaviour: Behaviour) -> None:
        """Wait until the read models have seen what the people did; the report judges figures."""
        wanted = {
            "opened": len(behaviour.opened),
            "clicked": len(behaviour.clicked),
            "unsubscribed": len(behaviour.unsubscribed),
        }

        def seen() -> bool:
            stats = self._stats(str(campaign_id))
            return all(stats[name] >= number for name, number in wanted.items())

        self._wait(seen, "opens, clicks and unsubscribes in the read models")

    def again(self, sending: Sending) -> Sending:
        """Look at a campaign once more: its readers have been at work."""
        return self._look(sending.campaign_id, sending.mails, sending.seconds)

    def _look(self, campaign_id: UUID, mails: list[Mail], seconds: float) -> Sending:
        return Sending(
            campaign_id=campaign_id,
            stats=self._stats(str(campaign_id)),
            facts=self._sent_facts(campaign_id),
            mails=mails,
            seconds=seconds,
        )

    def _sent_facts(self, campaign_id: UUID) -> int:
        count = 0
        for page in self._adapters.reader.pages(0):
            for row in page:
                if row.workspace_id == self._workspace_id and row.tag == EmailSent.TAG:
                    event = self._adapters.mapper.decode(row.tag, row.data)
                    count += isinstance(event, EmailSent) and event.campaign_id == campaign_id
        return count

    def _accounted_for(self, campaign_id: str) -> bool:
        """Tell whether everybody of the audience has a final outcome in the read model."""
        stats = self._stats(campaign_id)
        audience = self._api.get(f"/v1/campaigns/{campaign_id}")["audience"]
        return audience is not None and sum(stats[name] for name in FINAL) >= audience

    def _stats(self, campaign_id: str) -> dict[str, int]:
        found: dict[str, Any] = self._api.get(f"/v1/campaigns/{campaign_id}/stats")
        return {name: value for name, value in found.items() if isinstance(value, int)}

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        """Wait a while; when it does not come, go on: the report shows the figures that differ."""
        deadline = time.monotonic() + SETTLE_WITHIN_S
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.1)
        if time.monotonic() >= deadline:
            click.echo(f"waited {SETTLE_WITHIN_S:.0f} s for {what}", err=True)


def _import(api: Web, contacts: Path) -> dict[str, int]:
    answer = api.request("POST", "/v1/contacts/imports", contacts.read_bytes(), "text/csv")
    if answer.status != 202:  # noqa: PLR2004 - Accepted
        raise click.ClickException(f"the import was refused: {answer.json()['detail']}")
    path = f"/v1/contacts/imports/{answer.json()['id']}"
    deadline = time.monotonic() + IMPORT_WITHIN_S
    while (state := api.get(path))["status"] == "running":
        if time.monotonic() > deadline:
            raise click.ClickException("the import does not come to an end; see the engine's log")
        time.sleep(0.1)
    if state["status"] == "failed":
        raise click.ClickException(f"the import failed: {state['error']}")
    return {name: state[name] for name in ("rows", "valid", "duplicates", "invalid", "empty")}


def _add_template(api: Web, template: Path, *, keep_tags: bool) -> str:
    value = {
        "name": template.stem,
        "subject": SUBJECT,
        "html": template.read_text(encoding="utf-8-sig"),
        "keep_foreign_tags": keep_tags,
    }
    return str(api.post("/v1/templates", value)["id"])
