"""Which DMARC policy holds for a domain (RFC 7489, 6.3 and 6.6.3)."""

from collections.abc import Callable

from domain.delivery.sending_domain_events import RecordState

POLICIES = {"none", "quarantine", "reject"}

Texts = Callable[[str], tuple[str, ...] | None]


def judge_dmarc(
    domain: str, organisation: str, texts: Texts
) -> tuple[RecordState, tuple[str, ...], str]:
    """Return state, records found and advice.

    A domain without a record has that of its organisation. Any policy will do: what we sign is
    aligned, strictly too, since the signing domain is the sender's own.
    """
    found: tuple[str, ...] = ()
    for name in dict.fromkeys((domain, organisation)):
        published = texts(f"_dmarc.{name}")
        if published is None:
            return RecordState.UNREACHABLE, (), "No DNS server answered; we look again ourselves."
        found = tuple(text for text in published if _tags(text).get("v") == "DMARC1")
        if found:
            break
    if not found:
        return RecordState.MISSING, (), "There is no DMARC record yet: publish one as shown."
    if len(found) > 1:
        return RecordState.WRONG, found, "There are two DMARC records: keep one of them."
    if _tags(found[0]).get("p", "").lower() not in POLICIES:
        return RecordState.WRONG, found, "Its policy (p=) is none of none, quarantine and reject."
    return RecordState.OK, found, "Nothing to do."


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
