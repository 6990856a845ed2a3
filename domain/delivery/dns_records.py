"""The records that a sending domain has to publish, and what is found in their place."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from domain.delivery.dmarc import judge_dmarc
from domain.delivery.sending_domain_events import DkimKey, RecordState, SeenRecord
from domain.delivery.spf import judge_spf

NEXT = "next_"  # before the name of a record that a rotation waits for
TXT_PIECE = 255  # octets in one string of a TXT record (RFC 1035, 3.3)


class Answered(StrEnum):
    """How a question to the DNS ended."""

    FOUND = "found"
    NONE = "none"  # the servers say that there is none
    UNREACHABLE = "unreachable"  # nobody could say


class Answer(msgspec.Struct, frozen=True):
    """The values of a name and type: a TXT record is one value, however it was split."""

    how: Answered
    values: tuple[str, ...] = ()


Lookup = Callable[[str, str], Answer]  # name, type


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What this installation wants published. Empty parts are not asked for."""

    spf_terms: tuple[str, ...] = ()  # such as include:spf.example.com or ip4:192.0.2.1
    return_path_host: str = ""
    tracking_host: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Expected beside found, and a sentence that says what to do."""

    record: str
    name: str
    type: str
    expected: str
    required: bool
    state: RecordState = RecordState.UNCHECKED
    found: tuple[str, ...] = ()
    advice: str = "Publish it; we look again by ourselves."

    @property
    def is_missed(self) -> bool:
        """Tell whether the servers said that it is not there as it has to be."""
        return self.state in {RecordState.MISSING, RecordState.WRONG}

    def seen(self) -> SeenRecord:
        """Return what the log keeps: a DMARC record without the mailboxes it reports to."""
        found = tuple(_without_mailboxes(text) for text in self.found)
        return SeenRecord(self.record, self.state, self.expected, found)


def wanted_records(domain: str, keys: Sequence[DkimKey], setup: Setup) -> list[Finding]:
    """Return what has to be published, not looked at yet."""
    wanted = [_wanted_dkim(domain, key, required=key.algorithm == "rsa") for key in keys]
    spf = " ".join(("v=spf1", *setup.spf_terms, "~all"))
    wanted.append(_wanted("spf", domain, spf, required=bool(setup.spf_terms)))
    wanted.append(_wanted("dmarc", f"_dmarc.{domain}", "v=DMARC1; p=none", required=True))
    for record, label, host in (
        ("return_path", "bounce", setup.return_path_host),
        ("tracking", "track", setup.tracking_host),
    ):
        if host:
            wanted.append(_wanted(record, f"{label}.{domain}", host, kind="CNAME", required=False))
    return wanted


def next_records(domain: str, keys: Sequence[DkimKey]) -> list[Finding]:
    """Return what a rotation wants published beside the old keys."""
    records = [_wanted_dkim(domain, key, required=False) for key in keys]
    return [msgspec.structs.replace(found, record=NEXT + found.record) for found in records]


def judge(
    wanted: Finding, *, organisation: str, domain: str, setup: Setup, lookup: Lookup
) -> Finding:
    """Look one record up and compare."""
    if wanted.record == "spf":
        state, found, advice = judge_spf(domain, setup.spf_terms, _texts(lookup))
    elif wanted.record == "dmarc":
        state, found, advice = judge_dmarc(domain, organisation, _texts(lookup))
    else:
        answer = lookup(wanted.name, wanted.type)
        compare = _compare_dkim if wanted.type == "TXT" else _compare_host
        found = answer.values
        state, advice = _absent(answer) or compare(wanted.expected, found)
    return msgspec.structs.replace(wanted, state=state, found=found, advice=advice)


def txt_strings(value: str) -> list[str]:
    """Split a value into the strings that a TXT record holds."""
    return [value[at : at + TXT_PIECE] for at in range(0, len(value), TXT_PIECE)]


def tags(text: str) -> dict[str, str]:
    """Read a list of tag=value; pairs (RFC 6376, 3.2); white space in values does not count."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}


def _wanted_dkim(domain: str, key: DkimKey, *, required: bool) -> Finding:
    return _wanted(
        f"dkim_{key.algorithm}",
        f"{key.selector}._domainkey.{domain}",
        f"v=DKIM1; k={key.algorithm}; p={key.public_key}",
        required=required,
    )


def _wanted(record: str, name: str, expected: str, *, required: bool, kind: str = "TXT") -> Finding:
    return Finding(record=record, name=name, type=kind, expected=expected, required=required)


def _absent(answer: Answer) -> tuple[RecordState, str] | None:
    if answer.how is Answered.UNREACHABLE:
        return RecordState.UNREACHABLE, "No DNS server answered; we look again by ourselves."
    if answer.how is Answered.NONE:
        return RecordState.MISSING, "There is no such record yet: publish it as shown."
    return None


def _compare_dkim(expected: str, found: tuple[str, ...]) -> tuple[RecordState, str]:
    """Compare by RFC 6376, 3.6.1: what counts is the key, and that it may be used for mail."""
    if len(found) > 1:
        return RecordState.WRONG, "There is more than one record here: keep only the one shown."
    ours, theirs = tags(expected), tags(found[0])
    if theirs.get("p") == "":
        return RecordState.WRONG, "The key is revoked (p= is empty): publish it as shown."
    if theirs.get("p") != ours["p"] or theirs.get("k", "rsa") != ours["k"]:
        return RecordState.WRONG, "This is another key: publish the value as shown, in whole."
    if theirs.get("v", "DKIM1") != "DKIM1" or "y" in theirs.get("t", "").split(":"):
        return RecordState.WRONG, "Receivers ignore this key (v= or t=y): publish it as shown."
    return RecordState.OK, "Nothing to do."


def _compare_host(expected: str, found: tuple[str, ...]) -> tuple[RecordState, str]:
    if [host.rstrip(".").lower() for host in found] == [expected.lower()]:
        return RecordState.OK, "Nothing to do."
    return RecordState.WRONG, f"It leads elsewhere: let it lead to {expected}."


def _texts(lookup: Lookup) -> Callable[[str], tuple[str, ...] | None]:
    """Return a function from a name to its TXT values; None when nobody could say."""

    def texts(name: str) -> tuple[str, ...] | None:
        answer = lookup(name, "TXT")
        return None if answer.how is Answered.UNREACHABLE else answer.values

    return texts


def _without_mailboxes(text: str) -> str:
    if not text.lower().startswith("v=dmarc1"):
        return text
    kept = [part for part in text.split(";") if "@" not in part]
    return ";".join(kept)
