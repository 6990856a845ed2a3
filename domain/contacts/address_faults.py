"""Name the fault of a cell that is no address, so that its owner can repair it."""

import re
import unicodedata
from collections.abc import Callable

from domain.contacts.email_address import (
    MAX_ADDRESS_OCTETS,
    MAX_LOCAL_PART_CHARS,
    InvalidAddress,
)

MAX_LABEL_OCTETS = 63  # RFC 1035, 2.3.1

_Rule = tuple[Callable[[str], bool], InvalidAddress]

# What people type into a required field when they have no address.
_FILLERS = """
    n/a #n/a n.a. na none (none) null (null) nil nan undefined unknown no tbd tba x xx xxx
    - -- --- . ? ??? nein kein keine (leer) aucun aucune ninguno nessuno brak ingen
"""
_PLACEHOLDERS = frozenset(_FILLERS.split())
_WIDE_AT_SIGNS = "\uff20\ufe6b"
_SEVERAL = re.compile(r"@[^@]*[,;|/\s&][^@]*@")
_LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_LOCAL_SPECIALS = '"(),:;<>[\\]'  # RFC 5322, 3.2.3: only inside quotes
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})


def find_fault(text: str) -> InvalidAddress | None:
    """Return the first fault of a trimmed cell, None when these rules find none.

    Whatever it calls a fault the full validator refuses too, but for what we refuse by choice:
    a quoted local part, a domain literal, a display name.
    """
    local, _, domain = text.partition("@")
    return (
        _first_fault(text, rules=_CELL_RULES)
        or _first_fault(local, rules=_LOCAL_PART_RULES)
        or _first_fault(domain, rules=_DOMAIN_RULES)
        or _first_fault(text, rules=_LENGTH_RULES)
    )


def _first_fault(text: str, *, rules: tuple[_Rule, ...]) -> InvalidAddress | None:
    return next((fault for is_faulty, fault in rules if is_faulty(text)), None)


def _holds(characters: str) -> Callable[[str], bool]:
    return lambda text: any(char in text for char in characters)


def _rule(is_faulty: Callable[[str], bool], code: str, reason: str) -> _Rule:
    return is_faulty, InvalidAddress(code, reason)


_CELL_RULES = (
    _rule(lambda text: not text, "empty", "The row has no e-mail address."),
    _rule(
        lambda text: text.casefold() in _PLACEHOLDERS,
        "placeholder",
        "A filler stands in place of an address: enter the address or clear the cell.",
    ),
    _rule(
        _holds(_LINE_BREAKS),
        "line_break",
        "The cell holds a line break: keep one address, on one line.",
    ),
    _rule(
        lambda text: any(unicodedata.category(char) in _INVISIBLE for char in text),
        "invisible_character",
        "The address holds an invisible character: type it again.",
    ),
    _rule(
        lambda text: "@" not in text and _holds(_WIDE_AT_SIGNS)(text),
        "wide_at",
        "The at-sign is a look-alike: replace it by a plain @.",
    ),
    _rule(lambda text: "@" not in text, "missing_at", "There is no @: write it as name@domain."),
    _rule(
        lambda text: text.casefold().startswith("mailto:"),
        "mailto_prefix",
        "The cell is a link: remove “mailto:” from it.",
    ),
    _rule(
        lambda text: text.endswith(">") and "<" in text,
        "display_name",
        "A name stands beside the address: keep only what is between < and >.",
    ),
    _rule(
        lambda text: _SEVERAL.search(text) is not None,
        "several_addresses",
        "The cell holds several addresses: keep one.",
    ),
    _rule(
        lambda text: text.startswith('"'),
        "quoted_local_part",
        "Quoted addresses are not taken: remove the quotes.",
    ),
    _rule(lambda text: text.count("@") > 1, "several_at", "There is more than one @: keep one."),
    _rule(
        lambda text: any(char.isspace() for char in text),
        "space",
        "There is a space inside the address: remove it.",
    ),
)

_LOCAL_PART_RULES = (
    _rule(lambda local: not local, "missing_local_part", "Nothing stands before the @."),
    _rule(
        lambda local: len(local) > MAX_LOCAL_PART_CHARS,
        "local_part_too_long",
        f"The part before the @ is longer than {MAX_LOCAL_PART_CHARS} characters.",
    ),
    _rule(
        lambda local: "" in local.split("."),
        "misplaced_dot",
        "The part before the @ starts or ends with a dot, or has two dots in a row.",
    ),
    _rule(
        _holds(_LOCAL_SPECIALS),
        "bad_character",
        "The part before the @ holds a character that cannot be mailed.",
    ),
)

_DOMAIN_RULES = (
    _rule(lambda domain: not domain, "missing_domain", "Nothing stands after the @."),
    _rule(
        lambda domain: domain.startswith("["),
        "domain_literal",
        "An IP address is not taken: use a domain name.",
    ),
    _rule(
        lambda domain: "" in domain.split("."),
        "bad_domain",
        "The domain starts or ends with a dot, or has two dots in a row.",
    ),
    _rule(
        lambda domain: any(label.strip("-") != label for label in domain.split(".")),
        "bad_domain",
        "A part of the domain starts or ends with a hyphen.",
    ),
    _rule(
        lambda domain: any(c.isascii() and not (c.isalnum() or c in "-.") for c in domain),
        "bad_domain",
        "The domain holds a character that no domain can have.",
    ),
    _rule(
        lambda domain: any(
            len(label) > MAX_LABEL_OCTETS for label in domain.split(".") if label.isascii()
        ),
        "bad_domain",
        f"A part of the domain is longer than {MAX_LABEL_OCTETS} characters.",
    ),
    _rule(
        lambda domain: domain.isascii() and "." not in domain and domain.lower() != "test",
        "bad_domain",
        "The domain has no ending such as .com or .org.",
    ),
)

_LENGTH_RULES = (
    _rule(
        lambda text: len(text.encode("utf-8", "surrogatepass")) > MAX_ADDRESS_OCTETS,
        "too_long",
        f"The address is longer than {MAX_ADDRESS_OCTETS} bytes.",
    ),
)
