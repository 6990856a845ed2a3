"""Who agreed to what, when and where; who took it back; and all of it after an erasure."""

from typing import Any
from uuid import UUID

import pytest

from infra.bootstrap import Adapters
from infra.crypto.links import LinkKind, LinkTarget, SignedLinks
from infra.settings import Settings
from tests.support.erasing import finish
from tests.support.http_client import found_house, serving
from tests.support.working import catch_up, run_imports

pytestmark = pytest.mark.integration

CSV = "email\nann@example.com\n"
DECLARED = {"consent_source": "trade fair 2026", "consent_text": "Yes, send me the newsletter."}


def test_the_history_of_a_consent_survives_the_erasure(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house = found_house(app)
    with serving(app) as client:

        def ask(method: str, path: str, status: int = 200, **more: Any) -> Any:
            answer = client.request(
                method, f"/v1/{path}", headers=house.headers | more.pop("headers", {}), **more
            )
            assert answer.status_code == status, answer.text
            return answer.json()

        csv = {"content": CSV, "headers": {"Content-Type": "text/csv"}}
        ask("POST", "contacts/imports", 202, params=DECLARED, **csv)
        run_imports(worker)
        catch_up(worker)
        (ann,) = ask("GET", "contacts")["items"]
        contact = f"contacts/{ann['contact_id']}"
        said = {"source": "checkout", "text": "And offers.", "given_at": "2026-01-02T03:04:05Z"}
        ask("POST", f"{contact}/consents", 202, json=said)
        ask("POST", f"{contact}/consents", 422, json=said | {"given_at": "2999-01-01T00:00:00Z"})
        ask("POST", f"{contact}/consents", 400, json={"source": ""})

        links = SignedLinks(settings.secret_key, public_url=settings.public_url)
        target = LinkTarget(house.workspace_id, UUID(int=9), UUID(ann["contact_id"]))
        token = links.sign(LinkKind.UNSUBSCRIBE, target)
        left = client.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200, left.text
        ask("POST", f"{contact}/consents", 409, json=said)
        catch_up(worker)
        history = ask("GET", f"{contact}/consents")["items"]
        told = [(c["kind"], c["source"], c["text"]) for c in history]
        assert told == [
            ("withdrawn", "one_click", ""),
            ("given", "checkout", "And offers."),
            ("given", "trade fair 2026", "Yes, send me the newsletter."),
        ]
        assert history[0]["actor"] == f"contact:{ann['contact_id']}"
        assert history[0]["campaign_id"] == str(UUID(int=9))
        assert history[1]["happened_at"] == "2026-01-02T03:04:05Z"
        assert history[1]["actor"].startswith("token:")
        assert history[2]["import_id"] == ann["import_id"]
        assert history[2]["actor"].startswith("token:")
        page = ask("GET", f"{contact}/consents?limit=1")
        rest = ask("GET", f"{contact}/consents?cursor={page['next']}")
        assert page["items"] + rest["items"] == history

        ask("POST", f"{contact}/erasure", 202)
        finish(worker)
        assert ask("GET", f"{contact}/consents")["items"] == history
