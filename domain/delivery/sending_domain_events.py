"""The vocabulary of sending domains: what has to be published, and whether it is."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.shared.model import Event


class RecordState(StrEnum):
    """What a look at the DNS said. UNREACHABLE is no answer, so it is no reason for anything."""

    UNCHECKED = "unchecked"
    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


class DkimKey(msgspec.Struct, frozen=True):
    """The public half of a key: `algorithm` is rsa or ed25519, `public_key` base 64."""

    selector: str
    algorithm: str
    public_key: str


class SeenRecord(msgspec.Struct, frozen=True):
    """One record as it was seen; `found` names no mailbox."""

    record: str
    state: RecordState
    expected: str = ""
    found: tuple[str, ...] = ()


class SendingDomainAdded(Event, frozen=True):
    """The workspace wants to send from this domain; it waits for its records."""

    TAG: ClassVar[str] = "delivery.sending_domain_added.v1"
    domain_id: UUID
    domain: str
    generation: int
    keys: tuple[DkimKey, ...]
    added_at: datetime


class SendingDomainChecked(Event, frozen=True):
    """Something in its DNS is not as it was at the last look."""

    TAG: ClassVar[str] = "delivery.sending_domain_checked.v1"
    domain_id: UUID
    records: tuple[SeenRecord, ...]


class SendingDomainVerified(Event, frozen=True):
    """Everything required is published: mail may go out."""

    TAG: ClassVar[str] = "delivery.sending_domain_verified.v1"
    domain_id: UUID
    domain: str
    verified_at: datetime


class SendingDomainBroken(Event, frozen=True):
    """A verified domain lost records, seen again and again: its mail waits until they are back."""

    TAG: ClassVar[str] = "delivery.sending_domain_broken.v1"
    domain_id: UUID
    domain: str
    records: tuple[SeenRecord, ...]
    looks: int
    missing_since: datetime
    broken_at: datetime


class SendingDomainRecovered(Event, frozen=True):
    """What was missing is back: mail may go out again."""

    TAG: ClassVar[str] = "delivery.sending_domain_recovered.v1"
    domain_id: UUID
    domain: str
    recovered_at: datetime


class SendingDomainCheckAsked(Event, frozen=True):
    """Somebody asked for a look now; also how a domain that rests is looked at again."""

    TAG: ClassVar[str] = "delivery.sending_domain_check_asked.v1"
    domain_id: UUID
    asked_at: datetime


class SendingDomainRested(Event, frozen=True):
    """Its records were not published for too long: nobody looks until somebody asks."""

    TAG: ClassVar[str] = "delivery.sending_domain_rested.v1"
    domain_id: UUID
    domain: str
    waited_days: int


class SendingDomainKeysPrepared(Event, frozen=True):
    """New keys wait for their records; until these are seen the old ones sign."""

    TAG: ClassVar[str] = "delivery.sending_domain_keys_prepared.v1"
    domain_id: UUID
    generation: int
    keys: tuple[DkimKey, ...]


class SendingDomainKeysRotated(Event, frozen=True):
    """The new keys sign; the old private ones are deleted, `old_selectors` go a week later.

    Mail under way is still checked by the old records.
    """

    TAG: ClassVar[str] = "delivery.sending_domain_keys_rotated.v1"
    domain_id: UUID
    generation: int
    old_selectors: tuple[str, ...]
    rotated_at: datetime


class SendingDomainRemoved(Event, frozen=True):
    """The workspace does not send from it any more; its private keys are deleted."""

    TAG: ClassVar[str] = "delivery.sending_domain_removed.v1"
    domain_id: UUID
    domain: str


SendingDomainEvent = (
    SendingDomainAdded
    | SendingDomainChecked
    | SendingDomainVerified
    | SendingDomainBroken
    | SendingDomainRecovered
    | SendingDomainCheckAsked
    | SendingDomainRested
    | SendingDomainKeysPrepared
    | SendingDomainKeysRotated
    | SendingDomainRemoved
)
EVENTS: tuple[type[Event], ...] = (
    SendingDomainAdded,
    SendingDomainChecked,
    SendingDomainVerified,
    SendingDomainBroken,
    SendingDomainRecovered,
    SendingDomainCheckAsked,
    SendingDomainRested,
    SendingDomainKeysPrepared,
    SendingDomainKeysRotated,
    SendingDomainRemoved,
)
