"""Every kind of thing that the trash takes: a new one joins by one line in TRASHABLES."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import domain.campaigns.deletion as campaign
import domain.contacts.deletion as contact
import domain.content.deletion as template
from commands.ports import Effect, EventLog
from domain.campaigns.decider import CAMPAIGN
from domain.contacts.decider import CONSENT
from domain.content.decider import TEMPLATE
from domain.privacy.trash import Kind
from domain.shared.context import Context
from domain.shared.model import Event, StreamModel


class Purgeable(Protocol):
    """A state that knows whether its thing was purged."""

    @property
    def purged(self) -> bool:
        """Whether there is no way back."""


S = TypeVar("S", bound=Purgeable)
E = TypeVar("E", bound=Event)


class Trashable(Protocol):
    """One kind of thing: the decisions about it, each with the effect that goes with them."""

    @property
    def is_person(self) -> bool:
        """Whether a purge has to erase it too."""

    def delete(
        self, thing_id: UUID, until: datetime, context: Context, log: EventLog, effect: Effect
    ) -> int:
        """Put it into the trash."""

    def restore(self, thing_id: UUID, context: Context, log: EventLog, effect: Effect) -> int:
        """Take it back."""

    def purge(
        self, thing_id: UUID, context: Context, log: EventLog, effects: Sequence[Effect]
    ) -> bool:
        """Close the way back; tells whether it is closed, now or before."""


class _Of(Generic[S, E]):
    """A kind by the model of its stream and its three decisions."""

    def __init__(
        self,
        model: StreamModel[S, E],
        delete: Callable[[S, UUID, datetime], Sequence[E]],
        restore: Callable[[S, UUID], Sequence[E]],
        purge: Callable[[S, UUID], Sequence[E]],
        *,
        is_person: bool = False,
    ) -> None:
        self._model = model
        self._delete, self._restore, self._purge = delete, restore, purge
        self.is_person = is_person

    def delete(
        self, thing_id: UUID, until: datetime, context: Context, log: EventLog, effect: Effect
    ) -> int:
        return log.decide(
            self._model,
            thing_id,
            lambda state: self._delete(state, thing_id, until),
            context,
            effects=lambda _: [effect],
        )

    def restore(self, thing_id: UUID, context: Context, log: EventLog, effect: Effect) -> int:
        return log.decide(
            self._model,
            thing_id,
            lambda state: self._restore(state, thing_id),
            context,
            effects=lambda _: [effect],
        )

    def purge(
        self, thing_id: UUID, context: Context, log: EventLog, effects: Sequence[Effect]
    ) -> bool:
        log.decide(
            self._model,
            thing_id,
            lambda state: self._purge(state, thing_id),
            context,
            effects=lambda _: effects,
        )
        return log.state(self._model, thing_id, context).purged


TRASHABLES: Mapping[Kind, Trashable] = MappingProxyType(
    {
        Kind.CONTACT: _Of(
            CONSENT,
            lambda state, this, until: contact.delete(state, contact_id=this, until=until),
            lambda state, this: contact.restore(state, contact_id=this),
            lambda state, this: contact.purge(state, contact_id=this),
            is_person=True,
        ),
        Kind.TEMPLATE: _Of(
            TEMPLATE,
            lambda state, this, until: template.delete(state, template_id=this, until=until),
            lambda state, this: template.restore(state, template_id=this),
            lambda state, this: template.purge(state, template_id=this),
        ),
        Kind.CAMPAIGN: _Of(
            CAMPAIGN,
            lambda state, this, until: campaign.delete(state, campaign_id=this, until=until),
            lambda state, this: campaign.restore(state, campaign_id=this),
            lambda state, this: campaign.purge(state, campaign_id=this),
        ),
    }
)
