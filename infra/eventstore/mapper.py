"""Events to bytes and back; personal fields are sealed with the key of the person.

The stored form is JSON. Personal fields are left out and stand sealed, in one box an event, under
"~": so whoever has no use for them decodes the rest at full speed and sees None (ADR 0006).
"""

import os
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.shared.errors import DomainError
from domain.shared.model import Event
from infra.crypto.vault import NONCE_BYTES, KeyVault
from infra.eventstore.event_types import EVENT_TYPES
from infra.eventstore.shape import Shape, shape_of
from infra.eventstore.upcasters import UPCASTERS, upcast

SEAL_VERSION = b"\x01"


class PersonErasedError(DomainError):
    """Personal data was to be recorded of a person whose key is destroyed and fenced."""

    code = "person_erased"


class UnknownEventError(Exception):
    """The log holds a tag that this release does not know: it was written by a newer one."""


class _Box(msgspec.Struct, rename={"sealed": "~"}):
    sealed: bytes | None = None


class Mapper:
    """Encodes batches of one workspace, decodes single payloads."""

    def __init__(self, vault: KeyVault, types: Mapping[str, type[Event]] = EVENT_TYPES) -> None:
        self._vault = vault
        self._shapes = {tag: shape_of(event) for tag, event in types.items()}
        self._encode = msgspec.json.Encoder().encode
        self._box = msgspec.json.Decoder(_Box)

    def encode(self, workspace_id: UUID, events: Sequence[Event]) -> list[bytes]:
        """Return the stored form of each event; mints keys for new subjects.

        Raises PersonErasedError when personal data of an erased person is among them.
        """
        private = [self._private(event) for event in events]
        subjects = {found[1] for found in private if found is not None}
        if not subjects:
            return [self._encode(event) for event in events]
        ciphers = self._vault.ciphers(workspace_id, subjects, mint=True)
        if len(ciphers) < len(subjects):
            raise PersonErasedError("a person in this batch was erased; leave the person out")
        nonces = os.urandom(NONCE_BYTES * len(events))
        stored = []
        for at, (event, found) in enumerate(zip(events, private, strict=True)):
            if found is None:
                stored.append(self._encode(event))
                continue
            shape, subject, values = found
            nonce = nonces[at * NONCE_BYTES : (at + 1) * NONCE_BYTES]
            box = ciphers[subject].encrypt(
                nonce,
                self._encode(shape.sealed(*values)),
                _bound_to(workspace_id, subject, shape),
            )
            row = shape.plain(*shape.plain_of(event), SEAL_VERSION + nonce + box)
            stored.append(self._encode(row))
        return stored

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
            shape.subject_of(event)
            for (event, _), shape in zip(rows, shapes, strict=True)
            if shape.personal
        }
        ciphers = self._vault.ciphers(workspace_id, subjects, mint=False) if subjects else {}
        return [
            self._open(workspace_id, event, data, shape, ciphers) if shape.personal else event
            for (event, data), shape in zip(rows, shapes, strict=True)
        ]

    def opened(self, workspace_id: UUID, stored: Sequence[tuple[str, bytes]]) -> list[Event]:
        """Return the same of (tag, payload), in half the time.

        Each event is made once, of its payload with the text of its box put in.
        """
        joined = [data for _, data in stored]
        shapes = [self._shapes.get(tag) for tag, _ in stored]
        boxed = [
            (at, shape, found.subject, found.box)
            for at, shape in enumerate(shapes)
            if shape and shape.personal and (found := shape.boxed.decode(joined[at])).box
        ]
        keys = self._vault.keys(workspace_id, [subject for _, _, subject, _ in boxed])
        home = workspace_id.bytes
        for (at, shape, subject, box), key in zip(boxed, keys, strict=True):
            if key is not None:
                plain = _decrypt(AESGCM(key), box, home + subject.bytes + shape.tag_name)
                if plain is not None:
                    joined[at] = joined[at][:-1] + b"," + plain[1:]
        return [
            shape.decoder.decode(data) if shape else self._opened_old(workspace_id, tag, data)
            for (tag, _), shape, data in zip(stored, shapes, joined, strict=True)
        ]

    def _opened_old(self, workspace_id: UUID, tag: str, data: bytes) -> Event:
        """Open an event of an old tag, whose payload is upcast."""
        (event,) = self.open(workspace_id, [(self.decode(tag, data), data)])
        return event

    def forget(self) -> None:
        """Drop the keys held in memory, because one of them was destroyed."""
        self._vault.forget()

    def _private(self, event: Event) -> tuple[Shape, UUID, tuple[object, ...]] | None:
        """Return the shape, the person and the personal fields; None when there is nothing."""
        shape = self._shapes[event.TAG]
        if not shape.personal:
            return None
        values = shape.personal_of(event)
        if values.count(None) == len(values):
            return None
        return shape, shape.subject_of(event), values

    def _open(
        self,
        workspace_id: UUID,
        event: Event,
        data: bytes,
        shape: Shape,
        ciphers: Mapping[UUID, AESGCM],
    ) -> Event:
        subject = shape.subject_of(event)
        cipher = ciphers.get(subject)
        box = self._box.decode(data).sealed if cipher is not None else None
        if cipher is None or box is None:
            return event
        plain = _decrypt(cipher, box, _bound_to(workspace_id, subject, shape))
        return event if plain is None else shape.join(event, shape.sealed_decoder.decode(plain))


def _bound_to(workspace_id: UUID, subject: UUID, shape: Shape) -> bytes:
    """Return the associated data: a box is good for one workspace, person and type."""
    return workspace_id.bytes + subject.bytes + shape.tag_name


def _decrypt(cipher: AESGCM, box: bytes, bound: bytes) -> bytes | None:
    """Open a box; None when the key is another one than the box was sealed with."""
    if box[:1] != SEAL_VERSION:
        raise UnknownEventError("a sealed box has a newer format; upgrade this process")
    try:
        return cipher.decrypt(box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :], bound)
    except InvalidTag:
        return None
