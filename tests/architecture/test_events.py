"""Every event type: a tag of its own, marked personal data, a golden schema, a golden payload.

`UPDATE_GOLDEN=1 pytest tests/architecture/test_events.py` writes the files of new events; a change
of a file that exists is a change of history, and is reviewed as such.
"""

import json
import os
import re
from pathlib import Path

import msgspec
import pytest

from domain.shared.model import Event
from infra.eventstore.event_types import EVENT_TYPES, personal_fields
from infra.eventstore.upcasters import UPCASTERS, upcast

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas" / "events"
PAYLOADS = ROOT / "tests" / "fixtures" / "events"
TAG = re.compile(r"[a-z]+\.[a-z]+(?:_[a-z]+)*\.v[1-9][0-9]*\Z")
SUSPICIOUS = re.compile(r"email|name|(^|_)ip(_|\Z)|phone|user_agent|reply|address|fields")
NOT_A_PERSON = {
    "campaigns.campaign_drafted.v1": {"name"},  # of the campaign
    "campaigns.campaign_revised.v1": {"name", "sender_name", "sender_address", "reply_to"},
    "content.template_added.v1": {"name"},  # of the template
    "content.template_revised.v1": {"name"},
    "developer.api_token_issued.v1": {"name"},  # of the token
    # The company's own sender and the postal address that it must print in every mail.
    "tenancy.workspace_created.v1": {"name", "sender_name", "sender_address", "postal_address"},
    "tenancy.workspace_renamed.v1": {"name"},
    "tenancy.brand_named.v1": {"brand_name"},
    "tenancy.sender_chosen.v1": {"sender_name", "sender_address"},
    "tenancy.postal_address_chosen.v1": {"postal_address"},
    "delivery.emails_queued.v1": {"recipients"},  # contact ids
}

every_event = pytest.mark.parametrize("tag", sorted(EVENT_TYPES))


def event_of(tag: str) -> type[Event]:
    return EVENT_TYPES[tag]


def plain_schema(event: type[Event]) -> dict[str, object]:
    schema: dict[str, object] = msgspec.json.schema(event)
    return schema


@every_event
def test_the_tag_says_context_noun_verb_and_version(tag: str) -> None:
    assert TAG.match(tag)
    module = rf"domain\.{tag.split('.', maxsplit=1)[0]}\.([a-z_]+_)?events"
    assert re.fullmatch(module, event_of(tag).__module__)


@every_event
def test_a_field_that_looks_personal_is_marked(tag: str) -> None:
    event = event_of(tag)
    unmarked = {
        field.name
        for field in msgspec.structs.fields(event)
        if SUSPICIOUS.search(field.name) and field.name not in personal_fields(event)
    }
    assert unmarked - NOT_A_PERSON.get(tag, set()) == set()


@every_event
def test_a_personal_field_may_be_absent_and_has_a_subject(tag: str) -> None:
    event = event_of(tag)
    defaults = {field.name: field.default for field in msgspec.structs.fields(event)}
    for name in personal_fields(event):
        assert defaults[name] is None, "an erased person's field is opened as None"
        assert event.SUBJECT in defaults


@every_event
def test_the_shape_is_the_golden_one(tag: str) -> None:
    file = SCHEMAS / f"{tag}.json"
    shape = json.dumps(plain_schema(event_of(tag)), indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN") and not file.exists():
        file.write_text(shape)
    assert file.read_text() == shape


def test_every_golden_payload_of_every_version_can_be_read() -> None:
    files = sorted(PAYLOADS.glob("*.json"))
    assert {file.stem for file in files} == EVENT_TYPES.keys() | UPCASTERS.keys()
    for file in files:
        newest, payload = upcast(file.stem, json.loads(file.read_text()))
        event = msgspec.convert(payload, event_of(newest))
        assert newest == event.TAG


def test_an_upcaster_leads_an_old_payload_to_the_newest_shape() -> None:
    chain = {
        "contacts.thing_done.v1": (
            "contacts.thing_done.v2",
            lambda old: {"whole": old["a"] + old["b"]},
        ),
        "contacts.thing_done.v2": (
            "contacts.thing_done.v3",
            lambda old: {**old, "extra": None},
        ),
    }
    assert upcast("contacts.thing_done.v1", {"a": 1, "b": 2}, chain=chain) == (
        "contacts.thing_done.v3",
        {"whole": 3, "extra": None},
    )
