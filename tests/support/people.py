"""Three contacts and what they do, in one workspace."""

from uuid import UUID, uuid4

from domain.contacts.events import Channel, ContactUnsubscribed
from infra.bootstrap import Adapters
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact

ANN, BOB, EVE = UUID(int=1), UUID(int=2), UUID(int=3)


class People:
    """Records one event after the other; returns their positions."""

    def __init__(self, app: Adapters, workspace: UUID | None = None) -> None:
        self.app, self.workspace = app, workspace or uuid4()

    def come(self, *people: UUID) -> list[int]:
        return [
            self.app.log.record([fact(contact_imported(person))], asking(self.workspace))
            for person in people
        ]

    def leave(self, *people: UUID) -> list[int]:
        return [
            self.app.log.record(
                [fact(ContactUnsubscribed(contact_id=person, via=Channel.PAGE))],
                asking(self.workspace),
            )
            for person in people
        ]
