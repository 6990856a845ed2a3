"""Settings of outgoing mail: what is refused at the start, and in which words."""

from pathlib import Path

import pytest

from infra.settings import Settings, SettingsError, load_settings

LONG = ".".join(["x" * 60] * 3)


def load(tmp_path: Path, domain: str) -> Settings:
    return load_settings({"ENGINE_DATA_DIR": str(tmp_path), "ENGINE_RETURN_PATH_DOMAIN": domain})


@pytest.mark.parametrize("domain", ["", "bounce.example.com", "rp.xn--bcher-kva.example"])
def test_bounces_come_back_to_a_domain_or_to_the_sender(tmp_path: Path, domain: str) -> None:
    assert load(tmp_path, domain.upper()).return_path_domain == domain


@pytest.mark.parametrize(
    "wrong",
    [
        "example",
        "a@example.com",
        "b\u00fccher.example",
        "a..example",
        "192.0.2.1",
        f"{LONG}.example",
    ],
)
def test_what_is_no_domain_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"ENGINE_RETURN_PATH_DOMAIN: .* is not a domain"):
        load(tmp_path, wrong)
