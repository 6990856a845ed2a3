"""The machine's clock jumps an hour, forward and back, in mid-send: nothing is decided by it."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from domain.delivery.backoff import RetryPolicy, RetrySchedule
from domain.delivery.events import EmailDeferred
from infra import clock
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.dispatcher_leases import DispatcherLeases, LeaseLostError
from tests.integration.test_sending_crashes import people
from tests.support.faulty_smtp import Script, say
from tests.support.sending import Mailing
from workers.dispatching.lease import RUN_OUT, Lease

pytestmark = pytest.mark.integration

MESSAGES = 60
NOBODY = b".\r\n"  # how a DATA that was pipelined behind a refused RCPT is ended
LATER = RetrySchedule(usual=RetryPolicy(first_s=600, factor=2, max_s=600, expire_after_s=1_500))


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["on", "back"])
def test_a_retry_is_due_and_given_up_by_the_databases_clock(
    app: Adapters, worker: Adapters, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(people(MESSAGES))
    mailing.started()
    asked = itertools.count()
    # It jumps when the dispatcher has looked at it twice, if it does at all.
    monkeypatch.setattr(
        clock, "now", lambda: datetime.now(UTC) + (jump if next(asked) > 1 else timedelta())
    )
    (before,) = mailing.ask("SELECT clock_timestamp()")[0]
    busy = say(*[b"450 4.2.1 busy"] * 10, b"250 2.1.5 OK")
    server = mailing.dispatch_to(Script(rcpt=busy), retry=LATER)
    (after,) = mailing.ask("SELECT clock_timestamp()")[0]
    deferred = mailing.of_type(EmailDeferred)
    due = [one for (one,) in mailing.ask("SELECT due_at FROM email_tasks")]
    assert len(deferred) == len(due) == 10, "an hour that did not pass gave somebody up"
    wait = timedelta(seconds=600)  # with jitter: half of it at least
    assert all(before + wait / 2 <= one <= after + wait * 3 / 2 for one in due)
    assert len([body for body in server.bodies if len(body) > len(NOBODY)]) == MESSAGES - 10


def test_a_lease_is_counted_from_before_it_was_asked_for_and_tells_the_databases_time(
    worker: Adapters,
) -> None:
    at = 100.0

    def monotonic() -> float:
        return at

    owner = new_id()
    leases = DispatcherLeases(worker.pool, lease_s=30)
    lease = Lease(leases, owner=owner, clock=monotonic)
    assert lease.why_not() == RUN_OUT, "nothing is begun before the first"
    with pytest.raises(LeaseLostError):
        lease.now()
    lease.sign_on()
    assert lease.why_not() is None
    told = lease.now()
    at += 29.9
    assert (lease.why_not(), lease.now() - told) == (None, timedelta(seconds=29.9))
    at += 0.2
    assert lease.why_not() == RUN_OUT
    lease.renew()
    assert lease.why_not() is None
    assert abs(lease.now() - told) < timedelta(seconds=20)  # the database's, not 30 s of ours
    lease.sign_off()
    assert lease.why_not() == RUN_OUT
    with pytest.raises(LeaseLostError):
        lease.renew()
