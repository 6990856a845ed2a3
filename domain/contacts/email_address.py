"""What an address is to us: as it was written, as it is sent to, and the key it is deduped by."""

import re
import unicodedata
from typing import Protocol

import msgspec

MAX_ADDRESS_OCTETS = 254  # RFC 3696 erratum 1690: a 256-octet path less its angle brackets
MAX_LOCAL_PART_CHARS = 64  # RFC 5321, 4.5.3.1.1

# RFC 5322 dot-atom. Possessive, so that no input can make it backtrack.
_DOT_ATOM = re.compile(
    r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]++(?:\.[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]++)*+"
)
# Hostname labels without double hyphens (so no Punycode) under a purely alphabetic top label:
# narrower than the law on purpose, what falls outside goes to the full validator.
_PLAIN_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++(?<=\.)(?P<top>[A-Za-z]{2,63}+)"
)
_MAX_PLAIN_DOMAIN_CHARS = 63  # no label of a domain this short can be too long


class ValidAddress(msgspec.Struct, frozen=True, gc=False):
    """An address that can be mailed.

    `as_written` is the cell; `address` is what goes on the envelope (domain as A-labels);
    `key` decides whether two addresses are one person. With `needs_smtputf8` only a relay that
    offers SMTPUTF8 can take it (RFC 6531).
    """

    as_written: str
    address: str
    key: str
    needs_smtputf8: bool = False


class InvalidAddress(msgspec.Struct, frozen=True, gc=False):
    """Why a cell is no address: a stable `code`, and a sentence that says what to repair.

    The sentence never repeats the cell: it is logged and reported, the cell is personal.
    """

    code: str
    reason: str


class AddressChecker(Protocol):
    """The port behind which the full grammar of addresses lives."""

    def check(self, text: str) -> ValidAddress | InvalidAddress:
        """Judge exactly one address, already trimmed; anything around it is a fault."""
        ...


def dedupe_key(*, local_part: str, ascii_domain: str) -> str:
    """Return what two spellings of one mailbox have in common.

    NFKC (full-width letters, ligatures, composed accents) and lower case on both sides. RFC 5321
    lets a host tell `Ana` from `ana`; mailing one person twice is the worse mistake. Lower case,
    not case folding: folding would make `weiß` and `weiss` one person. Dots and +tags stay, they
    are different mailboxes at most hosts.
    """
    if local_part.isascii():
        return f"{local_part.lower()}@{ascii_domain.lower()}"
    lowered = unicodedata.normalize("NFKC", local_part).lower()
    return f"{unicodedata.normalize('NFKC', lowered)}@{ascii_domain.lower()}"


def is_plain_local_part(text: str) -> bool:
    """Tell whether this is an unquoted ASCII local part of legal length."""
    return len(text) <= MAX_LOCAL_PART_CHARS and _DOT_ATOM.fullmatch(text) is not None


def plain_top_label(domain: str) -> str | None:
    """Return the lower-case top label of an ordinary ASCII domain, None for any other.

    None does not mean invalid, only that this cheap test cannot tell.
    """
    if len(domain) > _MAX_PLAIN_DOMAIN_CHARS:
        return None
    found = _PLAIN_DOMAIN.fullmatch(domain)
    return found["top"].lower() if found else None
