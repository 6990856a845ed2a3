"""Chromium before the real stack: an engine, people with accounts, pages that are watched."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from commands.identity.open_account import open_account
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.connections import Role
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from tests.support.accounts import PASSWORD
from tests.support.asking import asking
from tests.support.browser import FLAGS, WIDE, Faults
from tests.support.running_engine import ROOT, RunningEngine, running_engine, wait_until


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account and a workspace; `token` is good for the account."""

    email: str
    workspace_id: str
    token: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A running engine as people reach it."""

    engine: RunningEngine
    base: str
    mailbox: str

    def account(self, email: str) -> str:
        """Open an account with PASSWORD as somebody at the machine does; return an access token."""
        adapters = Adapters(self.engine.settings, role=Role.WORKER, name="test-browser")
        try:
            tokens = PostgresSingleUseTokens(adapters.pool)
            token = open_account(
                new_id(), email, asking(PLATFORM), adapters.log, adapters.accounts, tokens
            )
        finally:
            adapters.close()
        with httpx.Client(base_url=self.base, timeout=30) as client:
            body = {"token": token, "password": PASSWORD}
            client.post("/v1/password-resets/redemption", json=body).raise_for_status()
            body = {"email": email, "password": PASSWORD}
            answer = client.post("/v1/sessions", json=body).raise_for_status()
        return str(answer.json()["access_token"])

    def person(self, name: str = "ada", *, workspace: str = "Lemon & Thyme") -> Person:
        """Return somebody new who owns a new workspace that can be seen."""
        email = f"{name}-{str(new_id())[-8:]}@example.com"
        token = self.account(email)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=self.base, headers=headers, timeout=30) as client:
            founded = client.post("/v1/workspaces", json={"name": workspace}).raise_for_status()
            wait_until(lambda: client.get("/v1/workspaces").json()["items"], "the workspace")
        return Person(email=email, workspace_id=founded.json()["id"], token=token)

    def api(self, person: Person) -> httpx.Client:
        """Return a client in the person's workspace; close it."""
        headers = {"Authorization": f"Bearer {person.token}"}
        with httpx.Client(base_url=self.base, headers=headers, timeout=30) as client:
            body = {"workspace_id": person.workspace_id}
            entered = client.post("/v1/sessions/workspace", json=body).raise_for_status().json()
        headers = {"Authorization": f"Bearer {entered['access_token']}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=30)


def sign_in(page: Page, person: Person, path: str = "") -> None:
    """Sign in by the form, and go to a path of the person's workspace."""
    page.goto(f"/login?then=/w/{person.workspace_id}{path}")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    place = f"/w/{person.workspace_id}{path}"
    page.wait_for_url(lambda url: urlsplit(url).path == place)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.skip("Chromium is missing: apt-get install chromium, or name one in CHROMIUM")
    return found


@pytest.fixture(scope="session")
def site(chromium_path: str) -> Iterator[Site]:
    """An engine with everything in it and an interface as new as its sources."""
    assert chromium_path
    subprocess.run([sys.executable, "build_ui.py"], cwd=ROOT, check=True)
    with (
        tempfile.TemporaryDirectory(prefix="engine-test-") as folder,
        running_engine(Path(folder)) as engine,
    ):
        settings = engine.settings
        mailbox = f"http://127.0.0.1:{settings.catcher_http_port}"
        yield Site(engine=engine, base=settings.public_url, mailbox=mailbox)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A browser for one file: its loop must not run while other files run theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def person(site: Site) -> Person:
    return site.person()


@pytest.fixture
def faults(page: Page) -> Faults:
    """What the page did wrong so far, and which refusals are meant."""
    return page.faults  # type: ignore[attr-defined,no-any-return] # put there by the fixture


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page in a context of its own; whatever it does wrong fails the test."""
    options: dict[str, Any] = {"base_url": site.base, "viewport": WIDE, "locale": "en-GB"}
    context = browser.new_context(**options, reduced_motion="reduce")
    context.set_default_timeout(30_000)
    page = context.new_page()
    faults = Faults(page, site.base)
    page.faults = faults  # type: ignore[attr-defined] # for the fixture of that name
    yield page
    context.close()
    assert faults.found == []
