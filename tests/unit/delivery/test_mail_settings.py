"""Who system mail is from, and where the sandbox is."""

from pathlib import Path

import pytest

from infra.settings import SandboxSettings, Settings, SettingsError, load_settings
from tests.support.installation import TEST_SECRET


def settings(tmp_path: Path, **env: str) -> Settings:
    return load_settings(
        {"ENGINE_DATA_DIR": str(tmp_path), "ENGINE_SECRET_KEY": TEST_SECRET, **env}
    )


@pytest.mark.parametrize(
    ("env", "sender"),
    [
        ({}, ("Email Engine", "no-reply@127.0.0.1")),
        (
            {"ENGINE_PUBLIC_URL": "https://mail.acme.example:8443/x"},
            ("Email Engine", "no-reply@mail.acme.example"),
        ),
        ({"ENGINE_SYSTEM_MAIL_FROM": "Acme <hi@acme.example>"}, ("Acme", "hi@acme.example")),
        ({"ENGINE_SYSTEM_MAIL_FROM": "hi@acme.example"}, ("", "hi@acme.example")),
    ],
)
def test_system_mail_is_from_whom_it_says_or_from_nobody_at_the_public_host(
    tmp_path: Path, env: dict[str, str], sender: tuple[str, str]
) -> None:
    assert settings(tmp_path, **env).system_mail_from == sender


@pytest.mark.parametrize("text", ["Acme", "@acme.example", "a@", "ä@acme.example", "a\n@b.example"])
def test_a_sender_that_is_no_address_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="ENGINE_SYSTEM_MAIL_FROM"):
        settings(tmp_path, ENGINE_SYSTEM_MAIL_FROM=text)


def test_the_sandbox_is_the_mail_catcher_unless_there_is_a_relay(tmp_path: Path) -> None:
    relay = {"ENGINE_SMTP_HOST": "relay.example"}
    own = {"ENGINE_SANDBOX_SMTP_HOST": "sink.example", "ENGINE_SANDBOX_SMTP_PORT": "2525"}
    assert settings(tmp_path).sandbox == SandboxSettings("127.0.0.1", 8025)
    assert settings(tmp_path, **relay).sandbox.host == ""
    assert settings(tmp_path, **relay, **own).sandbox == SandboxSettings("sink.example", 2525)
