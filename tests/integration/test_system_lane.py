"""The transactional lane: before the bulk, at least once, and never after its time."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import msgspec
import pytest

from domain.delivery.events import (
    EmailSent,
    SystemMailDeferred,
    SystemMailFailed,
    SystemMailSent,
)
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.postgres.system_mails import failed_mails
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.counting_sink import RunningSink, counting_sink
from tests.support.faulty_smtp import Script, say
from tests.support.http_client import issued_token, serving
from tests.support.sending import Mailing, environment
from tests.support.system_mail import LINK, queue, recorded, reset_mail, waiting

pytestmark = pytest.mark.integration
DYING_DISPATCHER = """
import sys
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint, arm, die
from infra.postgres.connections import Role
from infra.settings import load_settings
from workers import dispatcher
from workers.runtime import Stop
import asyncio
arm(Failpoint(sys.argv[1]), die)
asyncio.run(dispatcher.run(Adapters(load_settings(), role=Role.WORKER, name="d"), Stop()))
"""


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def nothing_waits(mailing: Mailing) -> Callable[[], bool]:
    return lambda: waiting(mailing.worker) == 0


def names(sink: RunningSink) -> dict[str, int]:
    return {name.strip("<>").partition("@")[0]: n for name, n in sink.accepted().items()}


@pytest.mark.parametrize(
    ("point", "copies"), [("system_mail.claimed", 1), ("system_mail.answered", 2)]
)
def test_kill_9_loses_no_system_mail_and_repeats_it_under_the_same_name(
    mailing: Mailing, settings: Settings, point: str, copies: int
) -> None:
    mail = queue(mailing.app, reset_mail())
    with counting_sink() as sink:
        killed = subprocess.run(
            [sys.executable, "-c", DYING_DISPATCHER, point],
            env=environment(settings, smtp_port=sink.port),
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert waiting(mailing.worker) == 1
        with mailing.worker.pool.connection() as connection:
            connection.execute("UPDATE dispatchers SET alive_until = clock_timestamp()")
        mailing.dispatch(sink.port, until=nothing_waits(mailing))
        assert names(sink) == {mail.mail_id.hex: copies}
    (sent,) = recorded(mailing.worker, SystemMailSent)
    assert (sent.mail_id, sent.attempt) == (mail.mail_id, 2)


def test_a_campaign_does_not_delay_a_reset_mail(mailing: Mailing) -> None:
    mailing.add_contacts([f"p{n}@example.com" for n in range(400)])
    mailing.started()
    with counting_sink() as sink:
        queued = []

        def reset_in_the_middle() -> bool:
            if not queued and sink.accepted().total() >= 20:
                queued.append(queue(mailing.app, reset_mail()))
            return bool(queued) and waiting(mailing.worker) == 0

        mailing.dispatch(sink.port, rate_per_s=100, until=reset_in_the_middle)
        order = list(names(sink))
    place = order.index(queued[0].mail_id.hex)
    assert place < 200  # the campaign has hundreds of mails left
    assert len(mailing.of_type(EmailSent)) < 400


def test_a_refusal_for_now_is_tried_again_and_a_lasting_one_is_a_dead_letter(
    mailing: Mailing,
) -> None:
    mail = queue(mailing.app, reset_mail())
    later = Script(rcpt=say(b"450 4.2.0 ann@example.com is busy"))
    mailing.dispatch_to(later, until=lambda: bool(recorded(mailing.worker, SystemMailDeferred)))
    (deferred,) = recorded(mailing.worker, SystemMailDeferred)
    assert (deferred.code, deferred.status) == (450, "4.2.0")
    wait_s = deferred.retry_at_ms / 1000 - time.time()
    assert 30 < wait_s < 90
    with tenant_scope(mailing.worker.pool, PLATFORM) as cursor:
        cursor.execute("UPDATE system_mails SET due_at = clock_timestamp()")
    never = Script(rcpt=say(b"550 5.1.1 ann@example.com is unknown"))
    mailing.dispatch_to(never, until=nothing_waits(mailing))
    (failed,) = recorded(mailing.worker, SystemMailFailed)
    assert (failed.mail_id, failed.attempt, failed.reason) == (mail.mail_id, 2, "recipient")
    with tenant_scope(mailing.worker.pool, PLATFORM) as cursor:
        (letter,) = cursor.execute(
            "SELECT message_id, kind, code, attempt, d::text FROM dead_letters d"
        ).fetchall()
    assert letter[:4] == (mail.mail_id, "reset_password", 550, 2)
    assert "ann@" not in letter[4]
    (told,) = failed_mails(mailing.worker.pool, PLATFORM)
    assert (told["mail"], told["reason"]) == (mail.mail_id, "recipient")


def test_what_has_expired_or_lost_its_person_is_not_sent(mailing: Mailing) -> None:
    late = queue(mailing.app, reset_mail(minutes=-1))
    erased = queue(mailing.app, reset_mail(mailing.workspace))
    mailing.app.vault.destroy(mailing.workspace, erased.subject_id)
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=nothing_waits(mailing))
        assert sink.accepted().total() == 0
    failed = {event.mail_id: event.reason for event in recorded(mailing.worker, SystemMailFailed)}
    assert failed == {late.mail_id: "expired", erased.mail_id: "erased"}


def test_a_mail_that_would_be_late_at_its_next_attempt_is_given_up(mailing: Mailing) -> None:
    queue(mailing.app, reset_mail(minutes=0.3))
    busy = Script(rcpt=say(b"450 4.2.0 busy"))
    mailing.dispatch_to(busy, until=nothing_waits(mailing))
    (failed,) = recorded(mailing.worker, SystemMailFailed)
    assert failed.reason == "expired"


def test_a_lost_reply_is_followed_by_another_attempt(mailing: Mailing) -> None:
    async def hang_up(peer: object) -> bool:
        del peer
        return False

    queue(mailing.app, reset_mail())
    mailing.dispatch_to(
        Script(dot=hang_up), until=lambda: bool(recorded(mailing.worker, SystemMailDeferred))
    )
    (deferred,) = recorded(mailing.worker, SystemMailDeferred)
    assert deferred.retry_at_ms / 1000 < time.time() + 10


def test_a_workspace_sees_its_own_dead_system_mail_and_its_read_models_pass_it_by(
    mailing: Mailing,
) -> None:
    mail = queue(mailing.app, reset_mail(mailing.workspace, minutes=-1))
    queue(mailing.app, reset_mail(minutes=-1))
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=nothing_waits(mailing))
    token = issued_token(mailing.app, mailing.workspace)
    with serving(mailing.app) as client:
        answer = client.get("/v1/dead-letters", headers={"Authorization": f"Bearer {token}"})
    (letter,) = answer.json()["items"]
    assert (letter["message_id"], letter["kind"]) == (str(mail.mail_id), "reset_password")
    assert (letter["campaign_id"], letter["contact_id"]) == (None, None)
    mailing.project()
    with mailing.worker.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM parked_events").fetchall() == [(0,)]


def test_what_cannot_be_written_is_given_up_and_wiped(mailing: Mailing) -> None:
    queue(mailing.app, reset_mail(to_address="ann@example.com, eve@example.com"))
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=nothing_waits(mailing))
        assert sink.accepted().total() == 0
    (failed,) = recorded(mailing.worker, SystemMailFailed)
    assert failed.reason == "unwritable"


def test_a_test_keys_mail_never_takes_the_relay(mailing: Mailing) -> None:
    queue(mailing.app, msgspec.structs.replace(reset_mail(), sandbox=True))
    with counting_sink() as sink:
        mailing.dispatch(sink.port, until=nothing_waits(mailing))
        assert sink.accepted().total() == 0
    (failed,) = recorded(mailing.worker, SystemMailFailed)
    assert (failed.reason, failed.sandbox) == ("no_sandbox", True)


def test_the_mail_arrives_with_its_link(mailing: Mailing) -> None:
    queue(mailing.app, reset_mail())
    heard = mailing.dispatch_to(Script(), until=nothing_waits(mailing))
    (message,) = heard.bodies
    assert LINK.encode() in message.replace(b"=3D", b"=")
