"""Faults of addresses that a machine may repair when somebody says so: never unasked."""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

_BRACKETS = re.compile(r"[^<>]*<([^<>\s]+@[^<>\s]+)>\s*")
_WIDE_AT = str.maketrans({"\uff20": "@", "\ufe6b": "@"})
_TYPED_RIGHT = (
    "gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com",
    "live.com", "web.de", "gmx.de", "gmx.net", "t-online.de", "orange.fr", "libero.it", "aol.com",
)  # fmt: skip
_SHORTEST = 8
"""Of shorter names one letter more or less is too often another domain (`gmx.de`, `gmx.me`)."""


class Repair(StrEnum):
    """A kind of repair, named like the fault that it mends."""

    MAILTO_PREFIX = "mailto_prefix"
    DISPLAY_NAME = "display_name"
    WIDE_AT = "wide_at"
    SPACE = "space"
    DOMAIN_TYPO = "domain_typo"


def repaired(cell: str, repairs: Collection[Repair]) -> str:
    """Return the cell after the repairs that were asked for, in the order of `Repair`."""
    for repair in Repair:
        if repair in repairs:
            cell = _MEND[repair](cell)
    return cell


def meant_domain(domain: str) -> str | None:
    """Return the large provider that a domain misses by one slip of a finger, None for others."""
    domain = domain.lower()
    if len(domain) < _SHORTEST or domain in _TYPED_RIGHT:
        return None
    near = [right for right in _TYPED_RIGHT if len(right) >= _SHORTEST and _one_slip(domain, right)]
    return near[0] if len(near) == 1 else None


def _one_slip(written: str, right: str) -> bool:
    """Tell whether a letter is missing, too many, wrong, or swapped with its neighbour."""
    if abs(len(written) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(written), len(right)) and written[start] == right[start]:
        start += 1
    rest, other = written[start:], right[start:]
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other or rest == other[1:] or rest[1:] == other[1:]


def _right_domain(cell: str) -> str:
    local, at, domain = cell.rpartition("@")
    right = meant_domain(domain)
    return f"{local}{at}{right}" if right else cell


def _bare(cell: str) -> str:
    found = _BRACKETS.fullmatch(cell)
    return found[1] if found else cell


_MEND: Mapping[Repair, Callable[[str], str]] = {
    Repair.MAILTO_PREFIX: lambda cell: cell[7:] if cell[:7].lower() == "mailto:" else cell,
    Repair.DISPLAY_NAME: _bare,
    Repair.WIDE_AT: lambda cell: cell.translate(_WIDE_AT),
    Repair.SPACE: lambda cell: "".join(cell.split()),
    Repair.DOMAIN_TYPO: _right_domain,
}
