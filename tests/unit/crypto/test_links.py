"""Signed links: what was signed is read back; anything else is nothing."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.links import TOKEN_CHARACTERS, LinkKind, LinkTarget, SignedLinks
from infra.settings import Secret

LINKS = SignedLinks(Secret("k" * 32 + "another-one"), public_url="https://mail.example.com/")
TARGET = LinkTarget(uuid4(), uuid4(), uuid4(), 7)


@given(st.uuids(), st.uuids(), st.uuids(), st.integers(0, 65_535), st.sampled_from(LinkKind))
def test_a_token_names_its_target(w: UUID, c: UUID, p: UUID, link: int, kind: LinkKind) -> None:
    target = LinkTarget(w, c, p, link)
    token = LINKS.sign(kind, target)
    assert len(token) == TOKEN_CHARACTERS
    assert LINKS.verify(kind, token) == target


@pytest.mark.parametrize("kind", LinkKind)
def test_a_token_of_one_kind_is_nothing_as_another(kind: LinkKind) -> None:
    token = LINKS.sign(kind, TARGET)
    assert [other for other in LinkKind if LINKS.verify(other, token)] == [kind]


def test_every_single_changed_character_makes_it_worthless() -> None:
    token = LINKS.sign(LinkKind.CLICK, TARGET)
    for at, character in enumerate(token):
        for other in "Ab9-_=+/ .\n\u00e9":
            forged = token[:at] + other + token[at + 1 :]
            if other != character:
                assert LINKS.verify(LinkKind.CLICK, forged) is None, (at, other)


def test_the_spare_bits_of_the_last_character_are_not_a_second_spelling() -> None:
    token = LINKS.sign(LinkKind.OPEN, TARGET)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = [a for a in alphabet if LINKS.verify(LinkKind.OPEN, token[:-1] + a)]
    assert good == [token[-1]]


@given(st.text(max_size=120))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert LINKS.verify(LinkKind.OPEN, text) is None


@pytest.mark.parametrize("change", ["", "A", "=="])
def test_a_longer_or_shorter_token_is_nothing(change: str) -> None:
    token = LINKS.sign(LinkKind.OPEN, TARGET)
    assert LINKS.verify(LinkKind.OPEN, token + change if change else token[:-1]) is None


def test_another_installation_makes_other_tokens() -> None:
    theirs = SignedLinks(Secret("z" * 32 + "another-one"), public_url="https://x.example")
    assert LINKS.verify(LinkKind.OPEN, theirs.sign(LinkKind.OPEN, TARGET)) is None


def test_the_urls_of_a_message_carry_the_tokens() -> None:
    w, c, p = uuid4(), uuid4(), uuid4()
    urls = LINKS.of_message(workspace_id=w, campaign_id=c, contact_id=p, links=3)
    base = "https://mail.example.com"
    assert urls.open_url == f"{base}/t/o/{LINKS.sign(LinkKind.OPEN, LinkTarget(w, c, p))}.gif"
    unsubscribe = LINKS.sign(LinkKind.UNSUBSCRIBE, LinkTarget(w, c, p))
    assert urls.unsubscribe_url == f"{base}/u/{unsubscribe}"
    assert list(urls.link_urls) == [
        f"{base}/t/c/{LINKS.sign(LinkKind.CLICK, LinkTarget(w, c, p, n))}" for n in range(3)
    ]


def test_links_that_lead_to_another_host_are_the_same_links() -> None:
    base = SignedLinks(Secret("k" * 32 + "another-one"), public_url="https://t.example.com:8443/a")
    own = base.at_host("track.acme.example")
    ids = {"workspace_id": uuid4(), "campaign_id": uuid4(), "contact_id": uuid4()}
    ours, theirs = base.of_message(**ids, links=1), own.of_message(**ids, links=1)
    moved = ours.open_url.replace("t.example.com", "track.acme.example")
    assert theirs.open_url == moved
    assert moved.startswith("https://track.acme.example:8443/a/t/o/")
