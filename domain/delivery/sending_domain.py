"""The life of a sending domain: pending, verified, broken and verified again, removed."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, assert_never
from uuid import UUID

import msgspec

from domain.delivery.dns_records import NEXT, Finding
from domain.delivery.sending_domain_events import (
    DkimKey,
    RecordState,
    SeenRecord,
    SendingDomainAdded,
    SendingDomainBroken,
    SendingDomainCheckAsked,
    SendingDomainChecked,
    SendingDomainEvent,
    SendingDomainKeysPrepared,
    SendingDomainKeysRotated,
    SendingDomainRecovered,
    SendingDomainRemoved,
    SendingDomainRested,
    SendingDomainVerified,
)
from domain.shared.errors import (
    DomainError,
    IllegalTransitionError,
    NotFoundError,
    RetryLaterError,
)
from domain.shared.ids import derive_id
from domain.shared.model import StreamModel

BROKEN_AFTER_LOOKS = 3
BROKEN_AFTER = timedelta(hours=1)  # a zone that is edited, or one bad server, is not the end
RESTS_AFTER = timedelta(days=14)
ASKED_EVERY = timedelta(seconds=30)
TOKEN_BYTES = 5  # 8 letters of base 32: selectors of two workspaces do not meet


class Status(StrEnum):
    """Where a domain is in its life."""

    ABSENT = "absent"
    PENDING = "pending"
    VERIFIED = "verified"
    BROKEN = "broken"
    REMOVED = "removed"


class SendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need to know. `generation` numbers its sets of keys, for ever."""

    status: Status = Status.ABSENT
    domain: str = ""
    generation: int = 0
    keys: tuple[DkimKey, ...] = ()
    next_keys: tuple[DkimKey, ...] = ()
    waiting_since: datetime | None = None
    asked_at: datetime | None = None
    resting: bool = False
    seen: tuple[SeenRecord, ...] = ()


class CheckedTooOftenError(RetryLaterError):
    """A look was asked for a moment ago."""

    code: ClassVar[str] = "checked_too_often"


class SendingDomainUnverifiedError(DomainError):
    """Mail of this domain may not leave."""

    code: ClassVar[str] = "sending_domain_unverified"


class Misses(msgspec.Struct, frozen=True):
    """How many looks in a row, this one too, found less than is required, and since when."""

    looks: int = 0
    since: datetime | None = None


def domain_id(workspace_id: UUID, domain: str) -> UUID:
    """Return the id of a workspace's domain: there can be only one."""
    return derive_id(0, b"sending-domain", workspace_id.bytes, domain.encode())


def selectors(workspace_id: UUID, generation: int) -> dict[str, str]:
    """Return algorithm -> selector: no other workspace's key of this domain has the same."""
    digest = hashlib.sha256(b"dkim-selector" + workspace_id.bytes).digest()[:TOKEN_BYTES]
    token = base64.b32encode(digest).decode().lower()
    return {"rsa": f"ee{generation}r-{token}", "ed25519": f"ee{generation}e-{token}"}


def add(
    state: SendingDomain,
    *,
    domain_id: UUID,
    domain: str,
    keys: tuple[DkimKey, ...],
    now: datetime,
) -> list[SendingDomainEvent]:
    """Begin to wait for the records. One that was removed begins anew, with new keys."""
    if state.status not in {Status.ABSENT, Status.REMOVED}:
        raise IllegalTransitionError(
            f"{domain} is in this workspace already and is {state.status}: "
            f"GET /v1/sending-domains/{domain_id} shows its records"
        )
    generation = state.generation + 1
    return [
        SendingDomainAdded(
            domain_id=domain_id, domain=domain, generation=generation, keys=keys, added_at=now
        )
    ]


def checked(
    state: SendingDomain,
    *,
    domain_id: UUID,
    findings: Sequence[Finding],
    misses: Misses,
    now: datetime,
) -> list[SendingDomainEvent]:
    """Say what a look changed: nothing, in the usual case."""
    if state.status in {Status.ABSENT, Status.REMOVED}:
        return []
    seen = _with_news(state.seen, findings)
    news: list[SendingDomainEvent] = []
    if seen != state.seen:
        news.append(SendingDomainChecked(domain_id=domain_id, records=seen))
    news += _rotated(state, domain_id=domain_id, findings=findings, now=now)
    required = [finding for finding in findings if finding.required]
    all_there = all(finding.state is RecordState.OK for finding in required)
    name = state.domain
    if all_there and state.status is Status.PENDING:
        news.append(SendingDomainVerified(domain_id=domain_id, domain=name, verified_at=now))
    elif all_there and state.status is Status.BROKEN:
        news.append(SendingDomainRecovered(domain_id=domain_id, domain=name, recovered_at=now))
    elif state.status is Status.VERIFIED and misses.since is not None:
        if misses.looks >= BROKEN_AFTER_LOOKS and now - misses.since >= BROKEN_AFTER:
            broken = SendingDomainBroken(
                domain_id=domain_id,
                domain=name,
                records=tuple(finding.seen() for finding in required if finding.is_missed),
                looks=misses.looks,
                missing_since=misses.since,
                broken_at=now,
            )
            news.append(broken)
    elif _waits_too_long(state, now):
        days = RESTS_AFTER.days
        news.append(SendingDomainRested(domain_id=domain_id, domain=name, waited_days=days))
    return news


def prepare_keys(
    state: SendingDomain, *, domain_id: UUID, keys: tuple[DkimKey, ...]
) -> list[SendingDomainEvent]:
    """Have new keys published beside the old ones; they sign from when they are seen."""
    _require_there(state)
    if state.next_keys:
        raise IllegalTransitionError(
            "new keys wait for their records already: publish those that GET shows as next_dkim"
        )
    generation = state.generation + 1
    return [SendingDomainKeysPrepared(domain_id=domain_id, generation=generation, keys=keys)]


def ask_check(state: SendingDomain, *, domain_id: UUID, now: datetime) -> list[SendingDomainEvent]:
    """Have it looked at now. Raises CheckedTooOftenError right after the last time."""
    _require_there(state)
    if state.asked_at and now - state.asked_at < ASKED_EVERY:
        left = (state.asked_at + ASKED_EVERY - now).total_seconds()
        raise CheckedTooOftenError(
            "it was asked for a moment ago: DNS answers live longer than that", retry_after_s=left
        )
    return [SendingDomainCheckAsked(domain_id=domain_id, asked_at=now)]


def remove(state: SendingDomain, *, domain_id: UUID) -> list[SendingDomainEvent]:
    """Send from it no more; says nothing the second time."""
    if state.status is Status.REMOVED:
        return []
    _require_there(state)
    return [SendingDomainRemoved(domain_id=domain_id, domain=state.domain)]


def require_verified(status: str, *, domain: str) -> None:
    """Raise SendingDomainUnverifiedError, which says what to do, unless mail may leave."""
    if status == Status.VERIFIED:
        return
    if status == Status.BROKEN:
        what = "lost DNS records that it needs; publish them again (GET /v1/sending-domains)"
    elif status == Status.PENDING:
        what = "is not verified yet; publish the records that GET /v1/sending-domains shows"
    else:
        what = "is not a sending domain of this workspace; add it by POST /v1/sending-domains"
    raise SendingDomainUnverifiedError(f"the sender's domain {domain} {what}")


def evolve(state: SendingDomain, event: SendingDomainEvent) -> SendingDomain:  # noqa: PLR0911
    """Fold one fact; history is believed, never refused."""
    change = msgspec.structs.replace
    match event:
        case SendingDomainAdded():
            return SendingDomain(
                status=Status.PENDING,
                domain=event.domain,
                generation=event.generation,
                keys=event.keys,
                waiting_since=event.added_at,
            )
        case SendingDomainChecked():
            return change(state, seen=event.records)
        case SendingDomainVerified() | SendingDomainRecovered():
            return change(state, status=Status.VERIFIED)
        case SendingDomainBroken():
            return change(state, status=Status.BROKEN, waiting_since=event.broken_at)
        case SendingDomainCheckAsked():
            since = event.asked_at if state.resting else state.waiting_since
            return change(state, asked_at=event.asked_at, waiting_since=since, resting=False)
        case SendingDomainRested():
            return change(state, resting=True)
        case SendingDomainKeysPrepared():
            return change(state, generation=event.generation, next_keys=event.keys)
        case SendingDomainKeysRotated():
            return change(state, keys=state.next_keys, next_keys=())
        case SendingDomainRemoved():
            return change(state, status=Status.REMOVED, keys=(), next_keys=())
        case _:
            assert_never(event)


def _with_news(seen: tuple[SeenRecord, ...], findings: Sequence[Finding]) -> tuple[SeenRecord, ...]:
    """Take each record as found; where no server answered, as it was known before."""
    known = {record.record: record for record in seen}
    fresh = [finding.seen() for finding in findings]
    return tuple(
        known.get(record.record, record) if record.state is RecordState.UNREACHABLE else record
        for record in fresh
    )


def _rotated(
    state: SendingDomain, *, domain_id: UUID, findings: Sequence[Finding], now: datetime
) -> list[SendingDomainEvent]:
    """Let the new keys sign, once the one that every receiver reads was seen."""
    seen = {finding.record for finding in findings if finding.state is RecordState.OK}
    if not state.next_keys or NEXT + "dkim_rsa" not in seen:
        return []
    old = tuple(key.selector for key in state.keys)
    return [
        SendingDomainKeysRotated(
            domain_id=domain_id, generation=state.generation, old_selectors=old, rotated_at=now
        )
    ]


def _waits_too_long(state: SendingDomain, now: datetime) -> bool:
    waits = state.status in {Status.PENDING, Status.BROKEN} and not state.resting
    return waits and state.waiting_since is not None and now - state.waiting_since >= RESTS_AFTER


def _require_there(state: SendingDomain) -> None:
    if state.status in {Status.ABSENT, Status.REMOVED}:
        raise NotFoundError("there is no such sending domain in this workspace")


SENDING_DOMAIN: StreamModel[SendingDomain, SendingDomainEvent] = StreamModel(
    name="sending_domain", initial=SendingDomain(), evolve=evolve
)
