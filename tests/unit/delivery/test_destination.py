"""Which mailbox provider is behind an address."""

import re

import pytest

from domain.delivery.destination import (
    DESTINATIONS,
    MAILBOX_DOMAINS,
    MX_SUFFIXES,
    OTHER,
    destination_of,
    rolled_up,
)


@pytest.mark.parametrize(
    ("domain", "destination"),
    [
        ("gmail.com", "google"),
        ("hotmail.co.uk", "microsoft"),
        ("aol.com", "yahoo"),
        ("me.com", "apple"),
        ("web.de", "gmx"),
        ("acme.example", None),
        ("notgmail.com", None),
    ],
)
def test_known_domains_need_no_question(domain: str, destination: str | None) -> None:
    assert destination_of(domain) == destination


@pytest.mark.parametrize(
    ("hosts", "destination"),
    [
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "google"),
        (["ASPMX.L.GOOGLE.COM."], "google"),
        (["acme-example.mail.protection.outlook.com"], "microsoft"),
        (["acme-example.a-v1.mx.microsoft"], "microsoft"),
        (["mx-eu.mail.am0.yahoodns.net"], "yahoo"),
        (["eu-smtp-inbound-1.mimecast.com", "acme.mail.protection.outlook.com"], "mimecast"),
        (["mail.acme.example", "aspmx.l.google.com"], OTHER),
        (["evilgoogle.com"], OTHER),
        (["google.com.acme.example"], OTHER),
        (["mx"], OTHER),
        ([], OTHER),
    ],
)
def test_a_hosted_domain_goes_where_its_first_mx_points(hosts: list[str], destination: str) -> None:
    assert rolled_up(hosts) == destination


def test_names_and_domains_have_one_spelling() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]{0,30}", name) for name in DESTINATIONS)
    for domain in {*MAILBOX_DOMAINS, *MX_SUFFIXES}:
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]+", domain)
