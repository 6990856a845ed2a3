"""System mail for tests: queued as a command queues it, and what became of it."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from commands.ports import SystemMail
from domain.shared.model import Event
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.system_mails import PostgresSystemMails
from tests.support.asking import asking
from tests.support.builders import a_fact

E = TypeVar("E", bound=Event)
ADDRESS = "ann@example.com"
LINK = "http://127.0.0.1:1/reset#token=s3cret"


def reset_mail(
    workspace_id: UUID = PLATFORM, *, minutes: float = 30, to_address: str = ADDRESS
) -> SystemMail:
    return SystemMail(
        workspace_id=workspace_id,
        mail_id=new_id(),
        kind="reset_password",
        subject_id=uuid4(),
        to_address=to_address,
        values={"link": LINK},
        expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
    )


def queue(app: Adapters, mail: SystemMail) -> SystemMail:
    """Append something that causes the mail."""
    queued = PostgresSystemMails(app.vault).queue(mail)
    app.log.record([a_fact()], asking(mail.workspace_id), effects=[queued])
    return mail


def waiting(worker: Adapters) -> int:
    """How many mails have no final outcome."""
    with worker.pool.connection() as connection:
        (row,) = connection.execute("SELECT count(*) FROM system_mails").fetchall()
    return int(row[0])


def recorded(worker: Adapters, kind: type[E]) -> list[E]:
    """The events of one type, of all workspaces."""
    rows = [row for page in worker.reader.pages(0) for row in page]
    events = [worker.mapper.decode(row.tag, row.data) for row in rows if row.tag == kind.TAG]
    return [event for event in events if isinstance(event, kind)]
