"""Personal data in the log and the vault: sealed, erasable, and never in clear on its way."""

import asyncio
import base64
from collections.abc import Iterator
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace

from domain.contacts.events import Channel, ContactImported, ContactUnsubscribed
from domain.shared.model import Event, Fact
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.eventstore.mapper import PersonErasedError
from infra.nats.connection import connect
from infra.postgres.connections import Role
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.builders import (
    CAMPAIGN_ID,
    contact_imported,
    email_opened,
    email_sent,
    fact,
)
from workers.relay import Relay

pytestmark = pytest.mark.integration

PERSONAL = (
    "zoe.quist@secret.example",
    "Zoë",
    "Quist",
    "shoe-size-47",
    "203.0.113.0",
    "SecretReader",
    "quota of zoe",
)


def everything_personal(contact: UUID) -> list[Fact]:
    """Every kind of personal field that the log has."""
    imported = replace(
        contact_imported(contact, email=PERSONAL[0]),
        first_name=PERSONAL[1],
        last_name=PERSONAL[2],
        fields={"note": PERSONAL[3]},
    )
    opened = replace(email_opened(CAMPAIGN_ID, contact), ip=PERSONAL[4], user_agent=PERSONAL[5])
    sent = email_sent(CAMPAIGN_ID, contact, reply=PERSONAL[6])
    return [fact(event) for event in (imported, opened, sent)]


def in_clear(written: bytes) -> list[str]:
    """Return what can be read, as it is, in JSON escapes or in base64."""
    found = []
    for value in PERSONAL:
        raw = value.encode()
        forms = [raw, base64.b64encode(raw).rstrip(b"=")[:-1], value.encode("unicode_escape")]
        found += [value for form in forms if form in written]
    return found


def read_back(adapters: Adapters, workspace: UUID) -> list[Event]:
    rows = [row for row in adapters.reader.page(0) if row.workspace_id == workspace]
    decoded = [(adapters.mapper.decode(row.tag, row.data), row.data) for row in rows]
    return adapters.mapper.open(workspace, decoded)


def test_the_log_holds_nothing_personal_in_clear(app: Adapters, worker: Adapters) -> None:
    workspace, contact = uuid4(), uuid4()
    facts = everything_personal(contact)
    app.log.record(facts, asking(workspace))
    rows = worker.reader.page(0)
    assert len(rows) == 3
    assert in_clear(b"".join(row.data for row in rows)) == []
    with worker.pool.connection() as connection:
        (commit,) = connection.execute("SELECT commits::text FROM commits").fetchall()
    assert in_clear(str(commit[0]).encode()) == []
    assert read_back(worker, workspace) == [f.event for f in facts], "and yet it is all there"


async def test_nothing_personal_travels_in_clear(
    settings: Settings, app: Adapters, nats_server: EmbeddedNats
) -> None:
    adapters = Adapters(
        replace(settings, nats_url=nats_server.url()), role=Role.WORKER, name="sealing"
    )
    client = await connect(nats_server.url(), name="listener")
    heard: list[bytes] = []

    async def listen(message: object) -> None:
        heard.append(repr(message).encode() + getattr(message, "data", b""))

    await client.subscribe("events.>", cb=listen)
    await client.flush()
    relay = Relay(adapters)
    try:
        await asyncio.to_thread(app.log.record, everything_personal(uuid4()), asking(uuid4()))
        assert await relay.step()
        await client.flush()
    finally:
        await relay.close()
        await client.close()
        await asyncio.to_thread(adapters.close)
    assert len(heard) == 3, "contacts, engagement and delivery have an envelope each"
    assert in_clear(b"".join(heard)) == []


def test_a_box_cannot_be_opened_for_another_workspace_or_person(
    app: Adapters, worker: Adapters
) -> None:
    home, foreign, ann, bob = uuid4(), uuid4(), uuid4(), uuid4()
    app.log.record([fact(contact_imported(ann)), fact(contact_imported(bob))], asking(home))
    app.log.record([fact(contact_imported(ann))], asking(foreign))  # the same id, another key
    data = worker.reader.page(0)[0].data
    plain = worker.mapper.decode(ContactImported.TAG, data)
    (of_home,) = worker.mapper.open(home, [(plain, data)])
    (of_foreign,) = worker.mapper.open(foreign, [(plain, data)])
    (of_bob,) = worker.mapper.open(home, [(replace(plain, contact_id=bob), data)])
    assert [getattr(e, "email", "") for e in (of_home, of_foreign, of_bob)] == [
        "ann@example.com",
        None,
        None,
    ]


class TestErasing:
    """What is left when a person's key is destroyed."""

    @pytest.fixture(autouse=True)
    def _people(self, app: Adapters, worker: Adapters) -> None:
        self.app, self.worker = app, worker
        self.workspace, self.ann, self.bob = uuid4(), uuid4(), uuid4()
        people = [fact(contact_imported(person)) for person in (self.ann, self.bob)]
        app.log.record(people, asking(self.workspace))
        assert app.vault.destroy(self.workspace, self.ann), "there was a key"

    def test_the_persons_fields_are_gone_and_nobody_elses(self) -> None:
        ann, bob = read_back(self.worker, self.workspace)
        assert ann == ContactImported(contact_id=self.ann, import_id=CAMPAIGN_ID, row=1)
        assert bob == contact_imported(self.bob)

    def test_decoding_without_keys_is_as_before(self) -> None:
        row = self.worker.reader.page(0)[0]
        event = self.worker.mapper.decode(row.tag, row.data)
        assert event == ContactImported(contact_id=self.ann, import_id=CAMPAIGN_ID, row=1)

    def test_no_new_key_is_minted_and_the_whole_append_is_refused(self) -> None:
        facts = [fact(contact_imported(uuid4())), fact(email_opened(CAMPAIGN_ID, self.ann))]
        before = self.worker.reader.horizon()
        for adapters in (self.app, self.worker):
            with pytest.raises(PersonErasedError) as refused:
                adapters.log.record(facts, asking(self.workspace))
            assert in_clear(repr(refused.value).encode()) == []
            assert str(self.ann) not in str(refused.value)
        assert self.worker.reader.horizon() == before

    def test_what_is_not_personal_can_still_be_recorded(self) -> None:
        gone = ContactUnsubscribed(contact_id=self.ann, via=Channel.PAGE)
        bare = replace(email_opened(CAMPAIGN_ID, self.ann), ip=None, user_agent=None)
        self.app.log.record([fact(gone), fact(bare)], asking(self.workspace))
        assert read_back(self.worker, self.workspace)[2:] == [gone, bare]

    def test_the_same_person_in_another_workspace_is_another_person(self) -> None:
        elsewhere = uuid4()
        self.app.log.record([fact(contact_imported(self.ann))], asking(elsewhere))
        assert read_back(self.worker, elsewhere) == [contact_imported(self.ann)]

    def test_erasing_again_changes_nothing(self) -> None:
        assert not self.app.vault.destroy(self.workspace, self.ann)

    def test_the_fence_stands_before_the_first_key_too(self) -> None:
        never_seen = uuid4()
        assert not self.app.vault.destroy(self.workspace, never_seen)
        with pytest.raises(PersonErasedError):
            self.app.log.record([fact(contact_imported(never_seen))], asking(self.workspace))


THREADS = 8


@pytest.fixture
def processes(settings: Settings) -> Iterator[list[Adapters]]:
    """As many processes as threads: each with a vault, and a memory, of its own."""
    made = [Adapters(settings, role=Role.APP, name=f"p{n}") for n in range(THREADS)]
    yield made
    for adapters in made:
        adapters.close()


def test_many_who_mint_a_key_for_the_same_people_agree_on_one(processes: list[Adapters]) -> None:
    workspace, people = uuid4(), [uuid4() for _ in range(20)]
    got: list[dict[UUID, AESGCM]] = [{} for _ in processes]
    together = Barrier(THREADS)

    def mint(number: int) -> None:
        together.wait()
        # Each in an order of its own: what is locked in turns must not deadlock.
        mine = people[number:] + people[:number]
        got[number] = processes[number].vault.ciphers(workspace, mine, mint=True)

    threads = [Thread(target=mint, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    nonce = bytes(12)
    for person in people:
        box = got[0][person].encrypt(nonce, b"hello", b"")
        assert {ciphers[person].decrypt(nonce, box, b"") for ciphers in got} == {b"hello"}
    again = processes[0].vault
    again.forget()
    kept = again.ciphers(workspace, people, mint=False)
    assert kept[people[0]].decrypt(nonce, got[0][people[0]].encrypt(nonce, b"x", b""), b"") == b"x"
