"""A person's own account in the browser: password, second factor, sessions, themes."""

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, sign_in
from tests.support.accounts import PASSWORD
from tests.support.browser import Faults, check

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_second_factor_is_set_up_asked_for_and_removed(page: Page, person: Person) -> None:
    sign_in(page, person, "/profile/security")
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("code").inner_text()
    check(page)
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn it on").click()
    shown = page.get_by_role("tabpanel").get_by_role("listitem")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    check(page)
    page.get_by_role("button", name="I have them").click()
    page.get_by_role("button", name="Account").first.click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    check(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Enter your code")
    page.goto(f"/w/{person.workspace_id}/profile/security")
    page.get_by_role("button", name="Remove it").click()
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Remove the second factor").click()
    expect(page.get_by_role("button", name="Set up an authenticator app")).to_be_visible()


def test_the_password_is_changed_by_who_knows_it(
    page: Page, person: Person, faults: Faults
) -> None:
    faults.expect("/v1/me/password", 400, 401, 403, 422)
    sign_in(page, person, "/profile/security")
    page.get_by_label("Present password").fill("not it")
    page.get_by_label("New password").fill("another long and winding sentence")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("tabpanel").get_by_role("alert")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Password changed")).to_be_visible()


def test_another_session_is_ended_and_the_theme_stays(page: Page, person: Person) -> None:
    sign_in(page, person, "/profile/sessions")
    expect(page.get_by_text("this one")).to_be_visible()
    check(page)
    page.get_by_role("button", name="End the session of").first.click()
    expect(page.get_by_role("button", name="End the session of")).to_have_count(0)
    page.get_by_role("tab", name="Appearance and keys").click()
    check(page)
    page.emulate_media(color_scheme="light")
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_class("dark")
    page.reload()
    expect(page.locator("html")).to_have_class("dark")
