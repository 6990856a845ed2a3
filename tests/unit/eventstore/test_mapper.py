"""What is stored: personal fields sealed, each box good for one place alone."""

import base64
import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.contacts.events import Channel, ContactImported, ContactUnsubscribed
from domain.engagement.events import EmailOpened, LinkClicked
from domain.shared.model import Event
from domain.shared.personal import Personal
from infra.eventstore import mapper as module
from infra.eventstore.mapper import Mapper, PersonErasedError, UnknownEventError
from infra.eventstore.upcasters import upcast

ANN, BOB, HOME, ELSEWHERE, ID = (uuid4() for _ in range(5))


class OneKey:
    """A vault with one key for everybody, so that the associated data alone keeps boxes apart."""

    def __init__(self) -> None:
        self.erased: set[UUID] = set()
        self.minted: set[UUID] = set()
        self._cipher = AESGCM(bytes(32))

    def ciphers(
        self, workspace_id: UUID, subjects: Iterable[UUID], *, mint: bool
    ) -> dict[UUID, AESGCM]:
        del workspace_id
        wanted = set(subjects)
        if mint:
            self.minted |= wanted
        return dict.fromkeys(wanted - self.erased, self._cipher)

    def keys(self, workspace_id: UUID, subjects: Sequence[UUID]) -> list[bytes | None]:
        del workspace_id
        return [None if subject in self.erased else bytes(32) for subject in subjects]


def imported(contact: UUID = ANN, **changes: object) -> ContactImported:
    event = ContactImported(
        contact_id=contact,
        import_id=ID,
        row=3,
        email="ann@example.com",
        first_name="Änne",
        fields={"city": "Ulm"},
    )
    return msgspec.structs.replace(event, **changes)


def opened() -> EmailOpened:
    return EmailOpened(
        message_id=ID, campaign_id=ID, contact_id=ANN, user_agent="Reader/1.0", ip="198.51.100.0"
    )


class Stored:
    """A payload and how it is read back; `edit` changes the stored JSON."""

    def __init__(self, event: Event, vault: OneKey | None = None) -> None:
        self.mapper = Mapper(vault or OneKey())  # type: ignore[arg-type] # a vault by its shape
        self.tag = event.TAG
        (self.data,) = self.mapper.encode(HOME, [event])

    def edit(self, **changes: Any) -> None:
        self.data = json.dumps(json.loads(self.data) | changes).encode()

    def box(self) -> bytes:
        return base64.b64decode(json.loads(self.data)["~"])

    def read(self, workspace: UUID = HOME) -> Any:
        event = self.mapper.decode(self.tag, self.data)
        (opened,) = self.mapper.open(workspace, [(event, self.data)])
        assert self.mapper.opened(workspace, [(self.tag, self.data)]) == [opened]
        return opened


def test_what_was_sealed_is_read_back() -> None:
    assert Stored(imported()).read() == imported()
    assert Stored(opened()).read() == opened()


def test_nothing_personal_is_stored_in_clear() -> None:
    data = Stored(imported()).data
    for clear in ("ann@example.com", "Änne", "Ulm", "city"):
        assert clear.encode() not in data
        assert base64.b64encode(clear.encode()).rstrip(b"=") not in data
    assert {"contact_id", "import_id", "row", "~"} == json.loads(data).keys()


def test_a_reader_without_keys_gets_the_rest_at_once() -> None:
    stored = Stored(imported())
    assert stored.mapper.decode(stored.tag, stored.data) == ContactImported(
        contact_id=ANN, import_id=ID, row=3
    )


def test_what_is_not_personal_or_absent_needs_no_key() -> None:
    vault = OneKey()
    vault.erased = {ANN}
    bare = imported(email=None, first_name=None, fields=None)
    consent = ContactUnsubscribed(contact_id=ANN, via=Channel.PAGE)
    assert [Stored(e, vault).read() for e in (bare, consent)] == [bare, consent]
    assert vault.minted == set()


def test_the_same_values_are_never_sealed_to_the_same_box() -> None:
    mapper = Mapper(OneKey())  # type: ignore[arg-type] # a vault by its shape
    batch = mapper.encode(HOME, [imported(), imported()]) + mapper.encode(HOME, [imported()])
    nonces = {base64.b64decode(json.loads(data)["~"])[1:13] for data in batch}
    assert len(nonces) == 3, "one nonce twice under one key gives both texts away"


def test_a_box_is_unreadable_in_another_workspace() -> None:
    foreign = Stored(imported()).read(ELSEWHERE)
    assert (foreign.email, foreign.first_name, foreign.fields) == (None, None, None)


def test_a_box_is_unreadable_under_another_person() -> None:
    stored = Stored(imported())
    stored.edit(contact_id=str(BOB))
    assert stored.read().email is None


def test_a_box_is_unreadable_in_an_event_of_another_type() -> None:
    stored = Stored(opened())
    stored.tag = LinkClicked.TAG
    stored.edit(link=1)
    assert (stored.read().ip, stored.read().user_agent) == (None, None)


def test_a_changed_box_is_unreadable_as_a_whole() -> None:
    stored = Stored(imported())
    for at in (1, 13, -1):  # nonce, text, tag
        raw = bytearray(stored.box())
        raw[at] ^= 1
        stored.edit(**{"~": base64.b64encode(raw).decode()})
        assert (stored.read().email, stored.read().first_name) == (None, None)


class Calling(Event, frozen=True):
    """One type through its life: `Called` is the release before, `Recalled` the one after."""

    TAG: ClassVar[str] = "contacts.contact_called.v1"
    SUBJECT: ClassVar[str | None] = "contact_id"
    contact_id: UUID
    minutes: int
    phone: Personal[str | None] = None
    note: Personal[str | None] = None


class Called(Calling, frozen=True):
    fax: Personal[str | None] = None


class Recalled(Calling, frozen=True):
    TAG: ClassVar[str] = "contacts.contact_called.v2"
    seconds: int = 0
    minutes: int = 0


def read_as(later: type[Event], event: Event) -> Event:
    """Store with the types of one release, read with those of another."""
    before, after = (Mapper(OneKey(), {t.TAG: t}) for t in (type(event), later))  # type: ignore[arg-type] # by its shape
    (data,) = before.encode(HOME, [event])
    (opened,) = after.open(HOME, [(after.decode(event.TAG, data), data)])
    assert after.opened(HOME, [(event.TAG, data)]) == [opened]
    return opened


def test_a_personal_field_that_is_gone_is_passed_over() -> None:
    event = Called(contact_id=ANN, minutes=1, phone="1", note="n", fax="2")
    assert read_as(Calling, event) == Calling(contact_id=ANN, minutes=1, phone="1", note="n")


def test_a_personal_field_added_later_is_absent_in_old_boxes() -> None:
    event = Calling(contact_id=ANN, minutes=1, phone="1")
    assert read_as(Called, event) == Called(contact_id=ANN, minutes=1, phone="1")


def test_personal_fields_are_read_by_their_names_through_an_upcast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = {Calling.TAG: (Recalled.TAG, lambda old: old | {"seconds": old.pop("minutes") * 60})}
    monkeypatch.setattr(module, "UPCASTERS", chain)
    monkeypatch.setattr(module, "upcast", partial(upcast, chain=chain))
    event = Calling(contact_id=ANN, minutes=2, phone="1", note="n")
    assert read_as(Recalled, event) == Recalled(contact_id=ANN, seconds=120, phone="1", note="n")


def test_a_newer_seal_asks_for_an_upgrade() -> None:
    stored = Stored(imported())
    newer = base64.b64encode(b"\x02" + bytes(40)).decode()
    stored.edit(**{"~": newer})
    with pytest.raises(UnknownEventError, match="upgrade this process"):
        stored.read()


def test_an_unknown_tag_asks_for_an_upgrade() -> None:
    stored = Stored(imported())
    stored.tag = "contacts.contact_imported.v9"
    with pytest.raises(UnknownEventError, match=r"contacts\.contact_imported\.v9; upgrade"):
        stored.read()


def test_an_old_tag_is_read_in_the_newest_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {
        "contacts.contact_left.v1": (
            ContactUnsubscribed.TAG,
            lambda old: {"contact_id": old["who"], "via": "page"},
        )
    }
    monkeypatch.setattr(module, "UPCASTERS", chain)
    monkeypatch.setattr(module, "upcast", lambda tag, p: (chain[tag][0], chain[tag][1](p)))
    stored = Stored(imported())
    stored.tag, stored.data = "contacts.contact_left.v1", b'{"who":"%b"}' % str(ANN).encode()
    assert stored.read() == ContactUnsubscribed(contact_id=ANN, via=Channel.PAGE)


def test_personal_data_of_an_erased_person_is_refused_without_naming_it() -> None:
    vault = OneKey()
    vault.erased = {BOB}
    mapper = Mapper(vault)  # type: ignore[arg-type] # a vault by its shape
    with pytest.raises(PersonErasedError, match="leave the person out") as refused:
        mapper.encode(HOME, [imported(ANN), imported(BOB)])
    assert "ann@example.com" not in repr(refused.value)
    assert refused.value.code == "person_erased"


def test_an_event_with_personal_fields_must_name_its_subject() -> None:
    class Nameless(Event, frozen=True):
        TAG: ClassVar[str] = "contacts.nameless_done.v1"
        email: Personal[str | None] = None

    with pytest.raises(RuntimeError, match="names no SUBJECT"):
        Mapper(OneKey(), {Nameless.TAG: Nameless})  # type: ignore[arg-type] # by its shape
