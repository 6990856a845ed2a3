"""Settings of the edge and secrets: what is refused at the start, and in which words."""

from pathlib import Path

import pytest

from infra.edge_values import Limit, origin_of
from infra.settings import SettingsError, load_settings

GOOD = "kX9-f2Lm7Qw8ZbTn4RcYv1HsPd6JgAe3"


def load(tmp_path: Path, **environ: str) -> object:
    return load_settings({"ENGINE_DATA_DIR": str(tmp_path), **environ})


@pytest.mark.parametrize(
    "key",
    [
        GOOD[:31],
        "a" * 64,
        "abcabc" * 10,
        "changemechangemechangemechangeme",
        f"Change-Me-{GOOD}",
        f"{GOOD}-our-default-key",
    ],
)
def test_a_weak_secret_is_refused_without_being_told(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match="ENGINE_SECRET_KEY is too weak") as refused:
        load(tmp_path, ENGINE_SECRET_KEY=key)
    assert key not in str(refused.value)


def test_a_secret_comes_from_a_file_and_never_shows_itself(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD}\n")
    settings = load_settings(
        {"ENGINE_DATA_DIR": str(tmp_path), "ENGINE_SECRET_KEY_FILE": str(file)}
    )
    assert settings.secret_key.reveal() == GOOD
    assert GOOD not in f"{settings!r} {settings} {settings.secret_key}"
    with pytest.raises(SettingsError, match="ENGINE_SECRET_KEY_FILE"):
        load(tmp_path, ENGINE_SECRET_KEY_FILE=str(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ENGINE_HTTP_HOSTS", "*.example.com"),
        ("ENGINE_HTTP_HOSTS", "mail.example.com:443"),
        ("ENGINE_HTTP_HOSTS", "https://mail.example.com"),
        ("ENGINE_CORS_ORIGINS", "*"),
        ("ENGINE_CORS_ORIGINS", "null"),
        ("ENGINE_CORS_ORIGINS", "https://app.example.com/"),
        ("ENGINE_CORS_ORIGINS", "https://app.example.com:443"),
        ("ENGINE_CORS_ORIGINS", "https://*.example.com"),
        ("ENGINE_CORS_ORIGINS", "app.example.com"),
        ("ENGINE_CORS_ORIGINS", "https://app.example.com:x"),
        ("ENGINE_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("ENGINE_TRUSTED_PROXIES", "proxy"),
        ("ENGINE_LIMIT_NETWORK", "100"),
        ("ENGINE_LIMIT_KEY", "0/60"),
        ("ENGINE_LIMIT_WORKSPACE", "-1/60"),
        ("ENGINE_OTLP_SAMPLE", "2"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_by_name(
    tmp_path: Path, name: str, wrong: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        load(tmp_path, **{name: wrong})


def test_what_is_set_is_what_holds(tmp_path: Path) -> None:
    edge = load_settings(
        {
            "ENGINE_DATA_DIR": str(tmp_path),
            "ENGINE_HTTP_HOSTS": "Mail.example.com, [2001:db8::1]",
            "ENGINE_CORS_ORIGINS": "https://app.example.com,http://localhost:5173",
            "ENGINE_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "ENGINE_LIMIT_KEY": "600/60",
            "ENGINE_LIMIT_NETWORK": "off",
        }
    ).edge
    assert edge.hosts == {"mail.example.com", "[2001:db8::1]"}
    assert edge.origins == {"https://app.example.com", "http://localhost:5173"}
    assert [str(network) for network in edge.proxies] == ["10.0.0.0/8", "::1/128"]
    assert edge.key_limit == Limit(600, 60)
    assert edge.key_limit.refill_per_s == 10
    assert edge.network_limit is None
    assert origin_of("https://[2001:db8::1]:8443/x") == "https://[2001:db8::1]:8443"
