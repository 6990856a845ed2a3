"""From no account to a workspace, and all the ways back in, as a person walks them."""

import re
from base64 import b64decode
from email import message_from_bytes
from email.policy import default

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Site
from tests.support.accounts import PASSWORD
from tests.support.browser import Faults, check
from tests.support.running_engine import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def mailed_link(site: Site, email: str) -> str:
    """Return the path, with its secret, of the newest mail to an address."""
    found: list[str] = []

    def came() -> bool:
        query = {"rcpt_to": email, "raw": 1, "limit": 100}
        page = httpx.get(f"{site.mailbox}/api/messages", params=query).json()
        for item in page["messages"]:
            mail = message_from_bytes(b64decode(item["raw_base64"]), policy=default)
            text = mail.get_body(("plain",))
            assert text is not None
            found.extend(re.findall(r"/[a-z-]+#token=[\w-]+", text.get_content()))
        return bool(found)

    wait_until(came, f"a mail to {email}")
    return found[-1]


def test_somebody_new_registers_confirms_and_founds_a_workspace(page: Page, site: Site) -> None:
    email = "grace@example.com"
    page.goto("/register")
    check(page)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    page.goto(mailed_link(site, email))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your address is confirmed")
    assert "token" not in page.url
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Workspace name").fill("Hopper Ltd")
    check(page)
    page.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    check(page)


def test_a_forgotten_password_is_set_anew(
    page: Page, site: Site, person: Person, faults: Faults
) -> None:
    page.goto("/forgot")
    check(page)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    page.goto(mailed_link(site, person.email))
    faults.expect("/v1/password-resets/redemption", 400, 422)
    page.get_by_label("New password").fill("password1")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator(".text-bad").first).to_be_visible()
    check(page)
    page.get_by_label("New password").fill("an entirely different sentence")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")


@pytest.mark.parametrize("path", ["/reset-password", "/verify-address", "/login", "/nowhere"])
def test_a_page_for_strangers_stands_by_itself(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check(page)


def test_a_wrong_password_is_told_and_the_page_asked_for_is_reached_after(
    page: Page, person: Person, faults: Faults
) -> None:
    faults.expect("/v1/sessions", 401)
    page.goto(f"/w/{person.workspace_id}/profile")
    page.wait_for_url("**/login?then=*")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill("not it at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")


def test_an_invitation_is_accepted_after_signing_in(page: Page, site: Site, person: Person) -> None:
    other = site.person("bob", workspace="Bob's own")
    with site.api(person) as api:
        api.post(
            "/v1/workspace/invitations", json={"email": other.email, "role": "viewer"}
        ).raise_for_status()
    page.goto(mailed_link(site, other.email))
    page.wait_for_url("**/login?then=*")
    page.get_by_label("E-mail").fill(other.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are invited")
    check(page)
    page.get_by_role("button", name="Join the workspace").click()
    page.wait_for_url(f"**/w/{person.workspace_id}")
