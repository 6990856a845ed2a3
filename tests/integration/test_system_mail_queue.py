"""System mail on its way: written with the  sealed, readable only by whom it is for."""

from uuid import uuid4

import msgspec
import pytest

from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.eventstore.mapper import PersonErasedError
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.system_mails import Content, PostgresSystemMails, SystemMailQueue
from tests.support.system_mail import ADDRESS, LINK, reset_mail
from tests.support.system_mail import queue as queue_mail

pytestmark = pytest.mark.integration


def a_queue(worker: Adapters) -> SystemMailQueue:
    owner = new_id()
    DispatcherLeases(worker.pool).sign_on(owner)
    return SystemMailQueue(worker.pool, worker.vault, owner=owner)


def test_a_mail_waits_sealed_and_one_dispatcher_gets_it(app: Adapters, worker: Adapters) -> None:
    mail = reset_mail()
    queue_mail(app, mail)
    queue_mail(app, msgspec.structs.replace(mail, values={"link": "another"}))  # the same mail
    with worker.pool.connection() as connection:
        (row,) = connection.execute("SELECT m::text, sealed FROM system_mails m").fetchall()
    assert b"s3cret" not in row[1]
    assert ADDRESS not in row[0]
    first, second = a_queue(worker), a_queue(worker)
    (claimed,) = first.claim(limit=10)
    assert second.claim(limit=10) == []
    assert claimed.attempt == 1
    assert first.open(claimed) == Content(ADDRESS, {"link": LINK})
    assert ADDRESS not in repr((mail, first.open(claimed)))


def test_each_workspaces_first_comes_before_anybodys_second(
    app: Adapters, worker: Adapters
) -> None:
    loud, quiet = uuid4(), uuid4()
    for _ in range(3):
        queue_mail(app, reset_mail(loud))
    queue_mail(app, reset_mail(quiet))
    claimed = a_queue(worker).claim(limit=2)
    assert {mail.workspace_id for mail in claimed} == {loud, quiet}


def test_a_dead_dispatchers_mail_is_taken_again(app: Adapters, worker: Adapters) -> None:
    queue_mail(app, reset_mail())
    (lost,) = a_queue(worker).claim(limit=1)
    with worker.pool.connection() as connection:
        connection.execute("UPDATE dispatchers SET alive_until = clock_timestamp()")
    (again,) = a_queue(worker).claim(limit=1)
    assert (again.mail_id, again.attempt) == (lost.mail_id, 2)


def test_nobody_can_open_the_mail_of_an_erased_person(app: Adapters, worker: Adapters) -> None:
    mail = reset_mail()
    queue_mail(app, mail)
    queue = a_queue(worker)
    (claimed,) = queue.claim(limit=1)
    assert queue.open(claimed) is not None
    app.vault.destroy(PLATFORM, mail.subject_id)
    assert queue.open(claimed) is None
    with pytest.raises(PersonErasedError):
        PostgresSystemMails(app.vault).queue(mail)


def test_a_mail_moved_to_another_row_cannot_be_opened(app: Adapters, worker: Adapters) -> None:
    queue_mail(app, reset_mail())
    queue = a_queue(worker)
    (claimed,) = queue.claim(limit=1)
    assert queue.open(msgspec.structs.replace(claimed, mail_id=new_id())) is None
