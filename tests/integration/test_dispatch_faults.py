"""kill -9 of the dispatcher at every point of its way, times 200 messages: nobody is lost.

A message is lost when the log says neither that it went nor that nobody knows; it is a duplicate
when the sink took it twice. The table of the run is printed (pytest -s) and stands in
docs/benchmarks.md.
"""

import subprocess
import sys

import pytest

from infra.bootstrap import Adapters
from infra.failpoints import Failpoint
from infra.settings import Settings
from tests.integration.test_sending_crashes import let_leases_run_out, people
from tests.support.counting_sink import counting_sink
from tests.support.fault_tally import message_ids, tally
from tests.support.sending import Mailing, environment

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MESSAGES = 200
KILLED = -9
ARMED = """
import sys
from infra.failpoints import Failpoint, arm, die
from workers.cli.main import main
arm(Failpoint(sys.argv.pop(1)), die, on_hit=int(sys.argv.pop(1)))
main()
"""
# (point, at which passing): the appender's points are passed by each handover and each record.
KILLS = [
    (Failpoint.DISPATCHER_CLAIMED, 1),
    (Failpoint.APPENDER_BEGUN, 1),
    (Failpoint.APPENDER_WRITTEN, 2),
    (Failpoint.APPENDER_COMMITTED, 2),
    (Failpoint.DISPATCHER_HANDED_OVER, 2),
    (Failpoint.DISPATCHER_ANSWERED, 1),
    (Failpoint.DISPATCHER_ANSWERED, 70),
    (Failpoint.DISPATCHER_RECORDED, 1),
]


@pytest.mark.parametrize(("point", "on_hit"), KILLS)
def test_nobody_is_lost_wherever_the_dispatcher_is_killed(
    app: Adapters, worker: Adapters, settings: Settings, point: Failpoint, on_hit: int
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(people(MESSAGES))
    campaign = mailing.started()
    with counting_sink() as sink:
        killed = subprocess.run(
            [sys.executable, "-c", ARMED, point, str(on_hit), "worker", "dispatcher"],
            env=environment(settings, smtp_port=sink.port),
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=30,
        )
        assert killed.returncode == KILLED, "nobody passed the point"
        let_leases_run_out(mailing)
        mailing.schedule_all()
        mailing.dispatch(sink.port)
        mailing.schedule_all()
        told = tally(mailing, message_ids(sink), audience=MESSAGES)
    told.show(point, on_hit)
    told.check()
    assert not told.sent & told.uncertain
    assert mailing.gate(campaign) == "closed"
    if point in {Failpoint.DISPATCHER_CLAIMED, Failpoint.APPENDER_BEGUN}:
        assert told.uncertain == set()  # nothing was handed over
    if point is Failpoint.DISPATCHER_ANSWERED:
        assert told.accepted.keys() & told.uncertain  # a 250 that nobody wrote down: at most once
