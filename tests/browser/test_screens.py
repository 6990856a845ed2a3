"""Every screen of a workspace, empty and with something in it: both themes, 320 px, no error."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Site, sign_in
from tests.support.browser import check
from tests.support.running_engine import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LISTS = {
    "": "Overview",
    "/campaigns": "Campaigns",
    "/campaigns/new": "New campaign",
    "/templates": "Templates",
    "/contacts": "Contacts",
    "/contacts/imports": "Imports",
    "/contacts/imports/new": "Import contacts",
    "/suppressions": "Suppressions",
    "/messages": "Messages",
    "/sending": "Sending",
    "/sending?tab=rates": "Sending",
    "/sending?tab=health": "Sending",
    "/dead-letters": "Dead letters",
    "/domains": "Sending domains",
    "/settings/workspace": "Workspace",
    "/settings/members": "Members",
    "/settings/api-keys": "API keys",
    "/settings/audit": "Audit log",
    "/settings/privacy": "Privacy",
    "/settings/privacy?tab=retention": "Privacy",
    "/settings/trash": "Trash",
}
HTML = (
    '<html lang="en"><body><h1>Hello {{ first_name | default: "you" }}</h1>'
    '<p><a href="https://example.com/">Read on</a></p>'
    '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>'
)
PEOPLE = b"email,first name\nada@example.com,Ada\nbob@example.com,Bob\nnobody,Nobody\n"


def seen(page: Page, person: Person, path: str, heading: str) -> None:
    page.goto(f"/w/{person.workspace_id}{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state("networkidle")
    check(page)


def test_each_place_says_what_it_is_for_while_it_is_empty(page: Page, person: Person) -> None:
    sign_in(page, person)
    for path, heading in LISTS.items():
        seen(page, person, path, heading)


def test_what_a_marketer_makes_is_shown(page: Page, person: Person, site: Site) -> None:
    with site.api(person) as api:
        template = made(api, "/v1/templates", name="Letter", subject="News", html=HTML)
        imported = _imported(api)
        domain = made(api, "/v1/sending-domains", domain="example.com")
        campaign = made(api, "/v1/campaigns", name="First letter", template_id=template)
        contact = api.get("/v1/contacts?email=ada").json()["items"][0]["contact_id"]
    sign_in(page, person)
    seen(page, person, f"/templates/{template}", "Letter")
    expect(page.get_by_title("The mail as its reader sees it")).to_be_visible()
    seen(page, person, f"/contacts/imports/{imported}", "Import done")
    seen(page, person, "/contacts", "Contacts")
    expect(page.get_by_text("2 contacts")).to_be_visible()
    seen(page, person, f"/contacts/{contact}", "ada@example.com")
    seen(page, person, f"/domains/{domain}", "example.com")
    for step in ("content", "audience", "schedule", "review"):
        seen(page, person, f"/campaigns/{campaign}/edit?step={step}", "First letter")
    seen(page, person, "/campaigns", "Campaigns")
    seen(page, person, "/templates", "Templates")


def made(api: httpx.Client, path: str, **body: str) -> str:
    answer = api.post(path, json=body)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    place = answer.json()
    api.get(path, params={"after": place["position"]})
    return str(place["id"])


def _imported(api: httpx.Client) -> str:
    answer = api.post(
        "/v1/contacts/imports", content=PEOPLE, headers={"Content-Type": "text/csv"}
    ).raise_for_status()
    place = f"/v1/contacts/imports/{answer.json()['id']}"
    wait_until(lambda: api.get(place).json().get("status") == "completed", "the import")
    wait_until(lambda: len(api.get("/v1/contacts").json()["items"]) == 2, "the contacts")
    return str(answer.json()["id"])
