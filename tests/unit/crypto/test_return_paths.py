"""Return paths: whoever answers one names a message of ours, or nothing."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.return_paths import ReturnKind, ReturnPaths, ReturnTarget
from infra.settings import Secret

PATHS = ReturnPaths(Secret("k" * 32 + "another-one"), "bounces.example.com")
WORKSPACE, MESSAGE = UUID(int=7), UUID(int=8)
LOCAL = PATHS.of(WORKSPACE, MESSAGE).partition("@")[0]


@given(st.uuids(), st.uuids(), st.sampled_from(ReturnKind))
def test_a_return_path_names_its_message(w: UUID, m: UUID, kind: ReturnKind) -> None:
    address = PATHS.of(w, m, kind=kind)
    local, _, domain = address.partition("@")
    assert domain == "bounces.example.com"
    assert re.fullmatch(r"[bs]\+[0-9a-v]{62}", local)
    assert len(local) == 64  # RFC 5321, 4.5.3.1.1
    for spelling in (address, local, address.upper(), f"{local}@elsewhere.example"):
        assert PATHS.verify(spelling) == ReturnTarget(kind, w, m)


def test_a_sending_domain_may_have_return_paths_of_its_own() -> None:
    address = PATHS.of(WORKSPACE, MESSAGE, domain="rp.customer.example")
    assert address == f"{LOCAL}@rp.customer.example"


def test_every_single_changed_character_makes_it_worthless() -> None:
    for at, character in enumerate(LOCAL):
        for other in "bs09av+=@w- .\n\u00e9\u0130":
            forged = LOCAL[:at] + other + LOCAL[at + 1 :]
            if other != character:
                assert PATHS.verify(forged) is None, (at, other)


@pytest.mark.parametrize("forged", ["", "b+", LOCAL + "0", LOCAL[:-1], "\u0131" + LOCAL[1:]])
def test_a_longer_or_shorter_local_part_is_nothing(forged: str) -> None:
    assert PATHS.verify(forged) is None


@given(st.text(max_size=80) | st.from_regex(r"[bs]\+[0-9a-v]{62}", fullmatch=True))
def test_no_text_is_a_return_path_by_chance(text: str) -> None:
    assert PATHS.verify(text) is None


def test_another_installation_makes_other_return_paths() -> None:
    theirs = ReturnPaths(Secret("z" * 32 + "another-one"), "bounces.example.com")
    assert PATHS.verify(theirs.of(WORKSPACE, MESSAGE)) is None
