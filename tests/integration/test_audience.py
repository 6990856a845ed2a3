"""How an audience comes into the queue: ids made in SQL are those of the domain."""

import pytest

from domain.delivery.events import EmailSkipped, EmailsQueued, SkipReason
from domain.shared.message_id import message_id
from domain.shared.packed_ids import unpack_ids
from infra.bootstrap import Adapters
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration


def test_every_page_queues_whom_the_log_says_under_the_ids_of_the_domain(
    app: Adapters, worker: Adapters
) -> None:
    mailing = Mailing(app, worker)
    domains = ["gmail.com", "example.com", "GMX.de"]
    people = mailing.add_contacts([f"p{n}@{domains[n % 3]}" for n in range(1_203)])
    out = {people[0], people[700]}
    for contact in out:
        mailing.unsubscribe(contact)
    campaign = mailing.draft()
    mailing.launch(campaign)
    mailing.expand(page=550)

    queued = mailing.of_type(EmailsQueued)
    told = [contact for event in queued for contact in unpack_ids(event.recipients)]
    assert sorted(told) == sorted(set(people) - out)
    assert max(len(list(unpack_ids(event.recipients))) for event in queued) == 500
    skipped = mailing.of_type(EmailSkipped)
    assert {event.contact_id: event.reason for event in skipped} == dict.fromkeys(
        out, SkipReason.UNSUBSCRIBED
    )
    providers = ["google", "other", "gmx"]
    going = {contact: providers[n % 3] for n, contact in enumerate(people) if contact not in out}
    at = queued[0].launched_at_ms
    tasks = mailing.ask("SELECT message_id, contact_id, destination FROM email_tasks")
    assert {(message, contact, destination) for message, contact, destination in tasks} == {
        (
            message_id(campaign_id=campaign, contact_id=contact, launched_at_ms=at),
            contact,
            destination,
        )
        for contact, destination in going.items()
    }
    assert mailing.ask("SELECT queued, skipped, expanded FROM campaign_runs") == [(1_201, 2, True)]
