"""What an SPF record lets send, and whether receivers can read it (RFC 7208)."""

import re
from collections.abc import Callable

import msgspec

from domain.delivery.sending_domain_events import RecordState

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: one more and every receiver answers permerror
_LOOKING = {"include", "a", "mx", "ptr", "exists", "redirect"}
_TERM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)([:/].*)?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)

Texts = Callable[[str], tuple[str, ...] | None]
Judged = tuple[RecordState, tuple[str, ...], str]


class SpfError(Exception):
    """Receivers cannot use the record; the message says why, as a sentence."""


class UnreachableError(Exception):
    """Nobody could say what a record that it names holds."""


class _Walk(msgspec.Struct):
    texts: Texts
    lookups: int = 0
    passing: set[str] = msgspec.field(default_factory=set)


def judge_spf(domain: str, terms: tuple[str, ...], texts: Texts) -> Judged:
    """Return state, records found and advice; `terms` must pass, by the record or its includes."""
    published = texts(domain)
    if published is None:
        return RecordState.UNREACHABLE, (), "No DNS server answered; we look again by ourselves."
    found = _records(published)
    if not found:
        return RecordState.MISSING, (), "There is no SPF record yet: publish one as shown."
    if len(found) > 1:
        return RecordState.WRONG, found, "There are two SPF records: merge them into one."
    return _judge_one(found, terms, _Walk(texts))


def _judge_one(found: tuple[str, ...], terms: tuple[str, ...], walk: _Walk) -> Judged:
    try:
        _follow(found[0], walk)
    except SpfError as error:
        return RecordState.WRONG, found, str(error)
    except UnreachableError:
        return RecordState.UNREACHABLE, found, "A record that it includes could not be read."
    lacking = [term for term in terms if term.lower() not in walk.passing]
    if lacking:
        return RecordState.WRONG, found, f"Add {' '.join(lacking)} before the `all` of the record."
    return RecordState.OK, found, "Nothing to do."


def _records(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if text.lower().split(" ")[0] == "v=spf1")


def _follow(record: str, walk: _Walk) -> None:
    """Read the terms in their order; what stands behind `all` is never reached."""
    redirect = ""
    for term in record.split()[1:]:
        if mechanism := _TERM.fullmatch(term):
            sign, name, value = mechanism[1], mechanism[2].lower(), (mechanism[3] or "")
            if name == "all":
                return
            if sign in {"", "+"}:
                walk.passing.add(f"{name}{value}".lower())
            _count(name, walk)
            if name == "include":
                _follow(_only(value[1:], walk), walk)
        elif modifier := _MODIFIER.fullmatch(term):
            redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
        else:
            raise SpfError(f"Receivers cannot read `{term[:50]}`: repair the record.")
    if redirect:
        _count("redirect", walk)
        _follow(_only(redirect, walk), walk)


def _count(name: str, walk: _Walk) -> None:
    walk.lookups += name in _LOOKING
    if walk.lookups > MOST_LOOKUPS:
        raise SpfError(f"It needs more than {MOST_LOOKUPS} DNS look-ups: take includes out.")


def _only(name: str, walk: _Walk) -> str:
    published = walk.texts(name.rstrip(".").lower())
    if published is None:
        raise UnreachableError
    found = _records(published)
    if len(found) != 1:
        raise SpfError(f"`{name[:100]}`, which it includes, has no single SPF record.")
    return found[0]
