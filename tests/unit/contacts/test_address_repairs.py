"""Repairs that a machine may do when somebody says so."""

import pytest

from domain.contacts.address_repairs import Repair, meant_domain, repaired


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gmial.com", "gmail.com"),  # swapped
        ("gmal.com", "gmail.com"),  # missing
        ("gmaill.com", "gmail.com"),  # too many
        ("gnail.com", "gmail.com"),  # wrong
        ("GMAIL.CON", "gmail.com"),
        ("gmail.com", None),  # right
        ("gmx.me", None),  # too short to tell
        ("example.com", None),
        ("hotmail.company", None),
        ("t-online.dee", "t-online.de"),
    ],
)
def test_one_slip_from_a_large_provider_is_seen(written: str, meant: str | None) -> None:
    assert meant_domain(written) == meant


@pytest.mark.parametrize(
    ("repair", "written", "mended"),
    [
        (Repair.MAILTO_PREFIX, "MailTo:ann@a.example", "ann@a.example"),
        (Repair.MAILTO_PREFIX, "ann@a.example", "ann@a.example"),
        (Repair.DISPLAY_NAME, "Ann <ann@a.example> ", "ann@a.example"),
        (Repair.DISPLAY_NAME, "Ann <ann@a.example>, Bob", "Ann <ann@a.example>, Bob"),
        (Repair.WIDE_AT, "ann\uff20a.example", "ann@a.example"),
        (Repair.SPACE, "ann @ a.example", "ann@a.example"),
        (Repair.DOMAIN_TYPO, "ann@gmial.com", "ann@gmail.com"),
        (Repair.DOMAIN_TYPO, "ann@a.example", "ann@a.example"),
    ],
)
def test_each_repair_mends_its_fault_and_nothing_else(
    repair: Repair, written: str, mended: str
) -> None:
    assert repaired(written, {repair}) == mended
    assert repaired(written, set()) == written


def test_repairs_are_done_in_one_order() -> None:
    assert repaired("mailto:ann @gmial.com", set(Repair)) == "ann@gmail.com"
