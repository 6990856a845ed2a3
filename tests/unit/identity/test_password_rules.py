"""Long enough, not too long, in no list, and saying more than whose it is."""

import pytest

from domain.identity.password_rules import WeakPasswordError, check_password

CONTEXT = ["ann.example@example.com", "ann", "example", "com", "engine"]


@pytest.mark.parametrize(
    "password",
    ["12345678", "€" * 341, "x" * 1024, "        ", "example1234", "ann ann ann", "пароль-и-слово"],
)
def test_any_characters_will_do(password: str) -> None:
    check_password(password, known=False, context=CONTEXT)


@pytest.mark.parametrize(
    ("password", "breached", "why"),
    [
        ("1234567", 0, "too short"),
        ("пароль7", 0, "too short"),
        ("x" * 1025, 0, "1024 bytes"),
        ("€" * 342, 0, "1024 bytes"),
        ("password123", 1, "breaches"),
        ("Engine-Example", 0, "little more than"),
        ("ANN.example@example.com", 0, "little more than"),
        ("exampleengine123", 0, "little more than"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(
    password: str, breached: int, why: str
) -> None:
    with pytest.raises(WeakPasswordError, match=why):
        check_password(password, known=breached == 1, context=CONTEXT)
