"""`engine messages` and `engine dead-letters`, as an operator at the shell."""

import pytest

from domain.delivery.events import EmailFailed
from infra.bootstrap import Adapters
from infra.settings import Settings
from tests.support.cli import Engine, environment
from tests.support.faulty_smtp import Script, say
from tests.support.sending import Mailing

pytestmark = pytest.mark.e2e


def test_a_dead_letter_is_found_explained_sent_again_and_put_away(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(["a@example.com", "b@example.com"])
    campaign = mailing.started()
    mailing.dispatch_to(Script(rcpt=say(b"554 5.7.1 <a@example.com> blocked")))
    mailing.project()
    first, second = sorted(mailing.of_type(EmailFailed), key=lambda event: event.message_id)
    engine = Engine(environment(settings, ENGINE_WORKSPACE=str(mailing.workspace)))
    listed = engine.json("dead-letters", "list", "--code", "554", "--json")
    assert [row["message_id"] for row in listed] == [str(first.message_id), str(second.message_id)]
    shown = engine.do("dead-letters", "show", str(first.message_id)).out
    assert "blocked" in shown
    assert "a@example.com" not in shown
    why = engine.json(
        "messages", "explain", "--json", "--contact", str(first.contact_id),
        "--campaign", str(campaign),
    )  # fmt: skip
    assert (why["code"], why["position"] > 0) == ("failed", True)
    reason = ("--reason", "the block is lifted")
    engine.do("dead-letters", "redrive", str(first.message_id), *reason)
    done = engine.json("dead-letters", "discard", "--failed-for", "policy", *reason, "--json")
    assert done == {"settled": 1, "refused": {}, "more": False}
    mailing.project()
    life = engine.do("messages", "show", str(first.message_id)).out
    assert "failed" in life
    assert "redriven" in life
    assert "in_queue: " in life
    refused = engine.refused("messages", "resolve", str(first.message_id), "--as", "lost", *reason)
    assert "no such uncertain message" in refused
