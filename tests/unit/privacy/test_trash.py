"""Into the trash, back, or purged: the same story for every kind of thing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commands.privacy.erase_contact import EraseContact, erase_contact
from commands.privacy.move_to_trash import MoveToTrash, move_to_trash
from commands.privacy.purge_from_trash import PurgeFromTrash, purge_from_trash
from commands.privacy.restore_from_trash import RestoreFromTrash, restore_from_trash
from domain.campaigns import decider as campaigns
from domain.campaigns.decider import CAMPAIGN
from domain.campaigns.deletion import delete as delete_campaign
from domain.campaigns.events import CampaignDeleted, CampaignPurged, CampaignRestored
from domain.contacts.decider import CONSENT
from domain.contacts.deletion import delete as delete_contact
from domain.contacts.deletion import restore as restore_contact
from domain.contacts.events import ContactDeleted, ContactPurged, ContactRestored
from domain.content.decider import TEMPLATE, content_of
from domain.content.events import TemplateDeleted, TemplatePurged, TemplateRestored
from domain.privacy.decider import ERASURE, erasure_stream
from domain.privacy.events import ContactAnonymized
from domain.privacy.trash import Kind
from domain.shared.errors import DomainError, GoneError, IllegalTransitionError, NotFoundError
from domain.shared.model import Event
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.builders import (
    CAMPAIGN_ID,
    CANCELLED,
    COMPLETED,
    DRAFTED,
    NOW,
    PAUSED,
    RUNNING,
    SCHEDULED,
    TEMPLATE_ID,
    template_added,
)
from tests.support.memory_ports import MemoryErasure, MemoryTrash, Said
from tests.support.scenario import Scenario

WORKSPACE, ANN = UUID(int=7), UUID("0196a000-0000-7000-8000-00000000000a")
THINGS: dict[Kind, tuple[UUID, Sequence[Event], type[Event], type[Event], type[Event]]] = {
    Kind.CONTACT: (ANN, (), ContactDeleted, ContactRestored, ContactPurged),
    Kind.TEMPLATE: (
        TEMPLATE_ID, (template_added(),), TemplateDeleted, TemplateRestored, TemplatePurged,
    ),
    Kind.CAMPAIGN: (CAMPAIGN_ID, (DRAFTED,), CampaignDeleted, CampaignRestored, CampaignPurged),
}  # fmt: skip
every_kind = pytest.mark.parametrize("kind", Kind)


class Bin:
    """One thing of a kind, and what can be asked of it."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.id, before, *self.facts = THINGS[kind]
        self.log, self.trash, self.erasure = MemoryEventLog(), MemoryTrash(), MemoryErasure()
        for event in before:
            self.log.events.append((WORKSPACE, self.id, event))

    def delete(self) -> int:
        command = MoveToTrash(kind=self.kind, thing_id=self.id)
        return move_to_trash(command, asking(WORKSPACE), self.log, self.trash)

    def restore(self) -> int:
        command = RestoreFromTrash(kind=self.kind, thing_id=self.id)
        return restore_from_trash(command, asking(WORKSPACE), self.log, self.trash)

    def purge(self) -> bool:
        command = PurgeFromTrash(kind=self.kind, thing_id=self.id)
        return purge_from_trash(
            command, asking(WORKSPACE), self.log, self.trash, self.erasure, self.erasure
        )

    def happened(self) -> list[type[Event]]:
        return [type(event) for _, _, event in self.log.events if type(event) in self.facts]


@every_kind
def test_what_is_deleted_comes_back_and_can_be_deleted_again(kind: Kind) -> None:
    bin_ = Bin(kind)
    deleted, restored, _ = bin_.facts
    assert bin_.delete() == bin_.delete()
    assert bin_.happened() == [deleted]
    (put,) = bin_.log.effects
    assert isinstance(put, Said)
    days = put.about - datetime.now(UTC)  # type: ignore[operator] # the day until which
    assert timedelta(days=29, hours=23) < days < timedelta(days=30)
    bin_.restore()
    bin_.restore()
    bin_.delete()
    assert bin_.happened() == [deleted, restored, deleted]
    assert [effect.what for effect in bin_.log.effects if isinstance(effect, Said)] == [
        f"put {kind}", f"take out {kind}", f"put {kind}",
    ]  # fmt: skip


@every_kind
def test_what_is_purged_never_comes_back(kind: Kind) -> None:
    bin_ = Bin(kind)
    bin_.delete()
    assert bin_.purge()
    assert bin_.purge(), "again, as after a crash"
    assert bin_.happened() == [bin_.facts[0], bin_.facts[2]]
    for ask in (bin_.restore, bin_.delete):
        with pytest.raises(GoneError):
            ask()


@every_kind
def test_what_was_restored_meanwhile_is_not_purged(kind: Kind) -> None:
    bin_ = Bin(kind)
    bin_.delete()
    bin_.restore()
    assert not bin_.purge()
    assert bin_.erasure.taken == []
    assert bin_.happened() == bin_.facts[:2]


@pytest.mark.parametrize("kind", [Kind.TEMPLATE, Kind.CAMPAIGN])
def test_what_is_not_there_is_not_found(kind: Kind) -> None:
    bin_ = Bin(kind)
    bin_.log.events.clear()
    for ask in (bin_.delete, bin_.restore):
        with pytest.raises(NotFoundError):
            ask()


def test_a_purged_contact_is_erased_with_the_fact_of_its_key() -> None:
    bin_ = Bin(Kind.CONTACT)
    bin_.delete()
    bin_.purge()
    assert bin_.log.state(ERASURE, erasure_stream(ANN), asking(WORKSPACE)).done
    assert [type(event) for _, _, event in bin_.log.events][-2:] == [
        ContactPurged, ContactAnonymized,
    ]  # fmt: skip
    assert bin_.erasure.taken == ["begin", "destroy"]


def test_of_an_erased_person_nothing_is_left_to_delete_or_restore() -> None:
    bin_ = Bin(Kind.CONTACT)
    bin_.delete()
    erase_contact(
        EraseContact(contact_id=ANN), asking(WORKSPACE), bin_.log, bin_.erasure, bin_.erasure
    )
    for ask in (bin_.restore, bin_.delete):
        with pytest.raises(GoneError, match="is erased"):
            ask()


def test_a_purged_contact_is_gone_for_the_decisions_too() -> None:
    purged = ContactPurged(contact_id=ANN)
    for decision in (
        lambda state: delete_contact(state, contact_id=ANN, until=NOW),
        lambda state: restore_contact(state, contact_id=ANN),
    ):
        Scenario(CONSENT).given(purged).when(decision).refused(GoneError, "no way back")


def test_a_deleted_template_is_of_no_use_to_a_campaign() -> None:
    for past, error in (
        ([], NotFoundError),
        ([TemplateDeleted(template_id=TEMPLATE_ID, restorable_until=NOW)], IllegalTransitionError),
        ([TemplatePurged(template_id=TEMPLATE_ID)], NotFoundError),
    ):
        added = [template_added()] if past else []
        with pytest.raises(error) as caught:
            content_of(TEMPLATE.fold([*added, *past]))
        assert type(caught.value) is error
    assert content_of(TEMPLATE.fold([template_added()])) == template_added()


@pytest.mark.parametrize(
    ("past", "refused"),
    [
        ((DRAFTED,), False),
        ((DRAFTED, SCHEDULED), True),
        (RUNNING, True),
        ((*RUNNING, PAUSED), True),
        ((*RUNNING, CANCELLED), False),
        ((*RUNNING, COMPLETED), False),
    ],
)
def test_only_a_campaign_that_does_not_send_can_be_deleted(past: Any, *, refused: bool) -> None:
    scenario = (
        Scenario(CAMPAIGN)
        .given(*past)
        .when(lambda state: delete_campaign(state, campaign_id=CAMPAIGN_ID, until=NOW))
    )
    if refused:
        scenario.refused(IllegalTransitionError, "cancel it first")
    else:
        scenario.then(CampaignDeleted(campaign_id=CAMPAIGN_ID, restorable_until=NOW))


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (CampaignDeleted(campaign_id=CAMPAIGN_ID, restorable_until=NOW), IllegalTransitionError),
        (CampaignPurged(campaign_id=CAMPAIGN_ID), NotFoundError),
    ],
)
def test_a_campaign_in_the_trash_does_nothing(last: Any, error: type[DomainError]) -> None:
    for decision in (
        lambda state: campaigns.cancel(state, campaign_id=CAMPAIGN_ID),
        lambda state: campaigns.schedule(state, campaign_id=CAMPAIGN_ID, send_at=NOW, snapshot="x"),
    ):
        Scenario(CAMPAIGN).given(DRAFTED, last).when(decision).refused(error, "trash|no such")
