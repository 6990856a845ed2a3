"""Events to bytes and back; personal fields are sealed with the key of the person.

The stored form is JSON. Personal fields are left out and stand sealed, one by one, under "~":
so whoever has no use for them decodes the rest at full speed and sees None.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.shared.errors import DomainError
from domain.shared.model import Event
from infra.crypto.vault import NONCE_BYTES, KeyVault
from infra.eventstore.event_types import EVENT_TYPES, personal_fields
from infra.eventstore.upcasters import UPCASTERS, upcast

SEAL_VERSION = b"\x01"


class PersonErasedError(DomainError):
    """Personal data was to be recorded of a person whose key is destroyed and fenced."""

    code = "person_erased"


class UnknownEventError(Exception):
    """The log holds a tag that this release does not know: it was written by a newer one."""


class _Sealed(msgspec.Struct, rename={"sealed": "~"}):
    sealed: dict[str, str] = {}


class _Shape(msgspec.Struct, frozen=True):
    """What the mapper precomputes of an event type."""

    type: type[Event]
    tag_name: bytes  # without the version: a field stays readable through upcasts
    subject: str | None
    personal: tuple[str, ...]
    plain: dict[str, msgspec.json.Decoder[object]]
    decoder: msgspec.json.Decoder[Event]


def _shape(event: type[Event]) -> _Shape:
    personal = personal_fields(event)
    if personal and event.SUBJECT is None:
        raise RuntimeError(f"{event.__name__} has personal fields, but names no SUBJECT")
    return _Shape(
        type=event,
        tag_name=event.TAG.rsplit(".", 1)[0].encode(),
        subject=event.SUBJECT,
        personal=tuple(personal),
        plain={name: msgspec.json.Decoder(hint) for name, hint in personal.items()},
        decoder=msgspec.json.Decoder(event),
    )


class Mapper:
    """Encodes batches of one workspace, decodes single payloads."""

    def __init__(self, vault: KeyVault, types: Mapping[str, type[Event]] = EVENT_TYPES) -> None:
        self._vault = vault
        self._shapes = {tag: _shape(event) for tag, event in types.items()}
        self._encode = msgspec.json.Encoder().encode
        self._sealed = msgspec.json.Decoder(_Sealed)

    def encode(self, workspace_id: UUID, events: Sequence[Event]) -> list[bytes]:
        """Return the stored form of each event; mints keys for new subjects.

        Raises PersonErasedError when personal data of an erased person is among them.
        """
        shapes = [self._shapes[event.TAG] for event in events]
        subjects = {
            getattr(event, shape.subject)
            for event, shape in zip(events, shapes, strict=True)
            if shape.subject and any(getattr(event, name) is not None for name in shape.personal)
        }
        if not subjects:
            return [self._encode(event) for event in events]
        ciphers = self._vault.ciphers(workspace_id, subjects, mint=True)
        if len(ciphers) < len(subjects):
            raise PersonErasedError("a person in this batch was erased; leave the person out")
        return [
            self._seal(workspace_id, event, shape, ciphers)
            for event, shape in zip(events, shapes, strict=True)
        ]

    def decode(self, tag: str, data: bytes) -> Event:
        """Return the event in its newest shape, personal fields None.

        Raises UnknownEventError for a tag of another release.
        """
        shape = self._shapes.get(tag)
        if shape is not None:
            return shape.decoder.decode(data)
        if tag not in UPCASTERS:
            raise UnknownEventError(f"no event type has the tag {tag}; upgrade this process")
        newest, payload = upcast(tag, msgspec.json.decode(data))
        return msgspec.convert(payload, self._shapes[newest].type)

    def open(self, workspace_id: UUID, rows: Sequence[tuple[Event, bytes]]) -> list[Event]:
        """Return decoded events with their personal fields; None where the key is gone.

        Each row is what `decode` returned, and the payload it came from.
        """
        shapes = [self._shapes[event.TAG] for event, _ in rows]
        subjects = {
            getattr(event, shape.subject)
            for (event, _), shape in zip(rows, shapes, strict=True)
            if shape.personal and shape.subject
        }
        ciphers = self._vault.ciphers(workspace_id, subjects, mint=False) if subjects else {}
        return [
            self._open(workspace_id, event, data, shape, ciphers) if shape.personal else event
            for (event, data), shape in zip(rows, shapes, strict=True)
        ]

    def _seal(
        self, workspace_id: UUID, event: Event, shape: _Shape, ciphers: Mapping[UUID, AESGCM]
    ) -> bytes:
        sealed = {}
        for name in shape.personal:
            value = getattr(event, name)
            if value is not None:
                subject: UUID = getattr(event, shape.subject or "")
                nonce = os.urandom(NONCE_BYTES)
                box = ciphers[subject].encrypt(
                    nonce, self._encode(value), _bound_to(workspace_id, subject, shape, name)
                )
                sealed[name] = base64.b64encode(SEAL_VERSION + nonce + box).decode("ascii")
        if not sealed:
            return self._encode(event)
        naked = self._encode(msgspec.structs.replace(event, **dict.fromkeys(sealed)))
        return naked[:-1] + b',"~":' + self._encode(sealed) + b"}"

    def _open(
        self,
        workspace_id: UUID,
        event: Event,
        data: bytes,
        shape: _Shape,
        ciphers: Mapping[UUID, AESGCM],
    ) -> Event:
        subject: UUID = getattr(event, shape.subject or "")
        cipher = ciphers.get(subject)
        if cipher is None:
            return event
        opened = {}
        for name, text in self._sealed.decode(data).sealed.items():
            if name in shape.plain:
                box = base64.b64decode(text)
                bound = _bound_to(workspace_id, subject, shape, name)
                plain = _decrypt(cipher, box, bound)
                opened[name] = None if plain is None else shape.plain[name].decode(plain)
        return msgspec.structs.replace(event, **opened) if opened else event


def _bound_to(workspace_id: UUID, subject: UUID, shape: _Shape, name: str) -> bytes:
    """Return the associated data: a box is good for one workspace, person, type and field."""
    return b"|".join((workspace_id.bytes, subject.bytes, shape.tag_name, name.encode()))


def _decrypt(cipher: AESGCM, box: bytes, bound: bytes) -> bytes | None:
    """Open a box; None when the key is another one than the box was sealed with."""
    if box[:1] != SEAL_VERSION:
        raise UnknownEventError("a sealed field has a newer format; upgrade this process")
    try:
        return cipher.decrypt(box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :], bound)
    except InvalidTag:
        return None
