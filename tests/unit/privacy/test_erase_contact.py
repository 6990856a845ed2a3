"""The order of an erasure, and that it happens once."""

from uuid import uuid4

import msgspec

from commands.privacy.erase_contact import EraseContact, erase_contact
from domain.privacy.decider import erasure_stream
from domain.privacy.events import ContactAnonymized
from domain.shared.ids import time_ms_of
from infra.clock import new_id
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryErasure, Said

WORKSPACE, ANN = uuid4(), new_id()


def test_the_wish_comes_before_the_key_and_the_key_before_the_fact() -> None:
    log, steps = MemoryEventLog(), MemoryErasure()
    first = erase_contact(EraseContact(contact_id=ANN), asking(WORKSPACE), log, steps, steps)
    assert steps.taken == ["begin", "destroy"]
    ((_, stream, event),) = log.events
    assert event == ContactAnonymized(contact_id=ANN, key_sha256="f00d")
    assert stream == erasure_stream(ANN) != ANN
    assert log.effects == [Said("scrub", ANN)]
    again = erase_contact(EraseContact(contact_id=ANN), asking(WORKSPACE), log, steps, steps)
    assert (again, len(log.events)) == (first, 1)


def test_whoever_finishes_an_erasure_acts_for_whoever_asked() -> None:
    log, steps = MemoryEventLog(), MemoryErasure()
    asked = asking(WORKSPACE, actor="token:1")
    steps.begin(ANN, asked, key_sha256="f00d")
    steps.destroy(WORKSPACE, ANN)  # and there it died
    erase_contact(EraseContact(contact_id=ANN), asking(WORKSPACE), log, steps, steps)
    assert erase_contact(EraseContact(contact_id=ANN), asked, log, steps, steps) == 1
    assert log.events[0][2] == ContactAnonymized(contact_id=ANN, key_sha256="f00d")


def test_the_stream_keeps_the_time_of_the_contact() -> None:
    assert time_ms_of(erasure_stream(ANN)) == time_ms_of(ANN)


def test_the_fact_says_nothing_of_the_person() -> None:
    assert set(msgspec.structs.asdict(ContactAnonymized(contact_id=ANN))) == {
        "contact_id",
        "key_sha256",
    }
