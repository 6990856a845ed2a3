"""API tokens: recognisable, and typing errors are seen without a database."""

import pytest

from infra.crypto.tokens import TOKEN_CHARACTERS, digest, is_well_formed, new_token


def test_a_new_token_is_well_formed_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_well_formed(token) and len(token) == TOKEN_CHARACTERS for token in tokens)
    assert all(token.startswith("ee_live_") for token in tokens)


def test_each_changed_character_is_noticed() -> None:
    good = new_token()
    for at in range(len(good)):
        assert not is_well_formed(good[:at] + ("x" if good[at] != "x" else "y") + good[at + 1 :])


@pytest.mark.parametrize("token", ["", "ee_live_", "x" * TOKEN_CHARACTERS, "ee_live_" + "é" * 49])
def test_what_only_looks_like_a_token_is_not_one(token: str) -> None:
    assert not is_well_formed(token)


def test_the_digest_is_sha_256() -> None:
    assert len(digest(new_token())) == 32


def test_a_test_key_says_so_and_is_none_with_another_prefix() -> None:
    token = new_token(test=True)
    assert token.startswith("ee_test_")
    assert is_well_formed(token)
    assert not is_well_formed(token.replace("ee_test_", "ee_live_"))
