"""The web interface as a browser fetches it: its page, its files, and what is not its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from read_api.openapi import NOWHERE
from read_api.public import ui
from tests.support.http_client import serving

pytestmark = pytest.mark.e2e

HTML = '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>'


@pytest.fixture(scope="module")
def application() -> Iterator[httpx.Client]:
    """The whole application; nothing that is asked here needs a database."""
    adapters = Adapters(
        load_settings({**NOWHERE, "ENGINE_HTTP_HOSTS": "testserver.local"}),
        role=Role.APP,
        name="test-ui",
    )
    with serving(adapters) as client:
        yield client
    adapters.close()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle as build_ui.py leaves it."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text(HTML)
    (assets / "index-7SMukiv6.js").write_text("plain")
    (assets / "index-7SMukiv6.js.gz").write_bytes(b"packed")
    (assets / "theme.js").write_text("theme")
    (assets / ".stamp").write_text("inside")
    monkeypatch.setattr(ui, "BUNDLE", tmp_path)
    return tmp_path


@pytest.fixture
def client(application: httpx.Client, bundle: Path) -> httpx.Client:
    assert bundle.exists()
    return application


@pytest.mark.parametrize("path", ["/", "/login", "/w/0192/contacts", "/reset-password", "/nowhere"])
def test_every_address_of_the_interface_gets_its_page_with_a_nonce_of_its_own(
    client: httpx.Client, path: str
) -> None:
    pages = [client.get(path) for _ in range(2)]
    nonces = set()
    for page in pages:
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["content-type"].startswith("text/html")
        [nonce] = set(re.findall(r'nonce="([^"]+)"', page.text))
        policy = page.headers["content-security-policy"]
        assert f"script-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_page_keeps_the_headers_of_every_answer(client: httpx.Client) -> None:
    headers = client.get("/login").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-request-id"]
    assert headers.get_list("content-security-policy") == [headers["content-security-policy"]]


def test_a_question_for_the_head_is_answered_without_a_body(client: httpx.Client) -> None:
    for path in ("/", "/w/0192/contacts", "/assets/theme.js"):
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")


def test_hashed_files_are_kept_for_ever_and_others_asked_for_again(client: httpx.Client) -> None:
    hashed = client.get("/assets/index-7SMukiv6.js", headers={"Accept-Encoding": "identity"})
    assert hashed.text == "plain"
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/assets/theme.js").headers["cache-control"] == "no-cache"


def test_a_packed_file_is_sent_packed(client: httpx.Client) -> None:
    with client.stream(
        "GET", "/assets/index-7SMukiv6.js", headers={"Accept-Encoding": "br, gzip"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["vary"]
        assert b"".join(answer.iter_raw()) == b"packed"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v1",
        "/t/nothing",
        "/assets/none.js",
        "/assets/.stamp",
        "/assets/..%2findex.html",
        "/assets/index-7SMukiv6.js.gz",
        "/robots.txt",
        "/w/x.env",
    ],
)
def test_what_is_not_of_the_interface_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_without_a_bundle_the_page_says_how_to_build_it(client: httpx.Client, bundle: Path) -> None:
    (bundle / "index.html").unlink()
    page = client.get("/")
    assert page.status_code == 503
    assert "make ui" in page.text
