"""What Prometheus reads: lags, parked events and heartbeats, without a tenant's name."""

import urllib.request
from collections.abc import Iterator
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.bootstrap import Adapters
from infra.observability import metrics
from infra.observability.metrics import serve_metrics
from infra.postgres.heartbeats import beat
from tests.support.asking import asking
from tests.support.builders import contact_imported, fact
from tests.support.people import BOB, People
from tests.support.touchy_projection import Touchy, installed, live
from tests.support.working import catch_up

pytestmark = pytest.mark.integration

Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def port(worker: Adapters, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(metrics, "KEEP_S", 0.0)
    server, thread = serve_metrics(worker.pool, host="127.0.0.1", port=0)
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def scrape(port: int) -> dict[str, dict[Labels, float]]:
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(page(port)):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def of(follower: str, partition: str = "0/1") -> Labels:
    return (("partition", partition), ("projection", follower))


def test_lags_parked_events_and_heartbeats_are_shown(
    app: Adapters, worker: Adapters, port: int
) -> None:
    people = People(app)
    (bad,) = people.come(BOB)
    people.leave(BOB)
    catch_up(worker)
    sick = Touchy(chokes_on=frozenset({bad}))
    installed(worker, sick)
    with live(worker, sick) as following:
        following.read_log()
    beat(worker.pool, "relay")
    end = app.log.record([fact(contact_imported(uuid4())) for _ in range(7)], asking(uuid4()))

    seen = scrape(port)
    assert seen["engine_database_up"] == {(): 1}
    assert seen["engine_log_head_position"] == {(): end}
    assert seen["engine_log_horizon_lag_events"] == {(): 0}
    assert seen["engine_projection_lag_events"][of("contact_list")] == 7
    assert seen["engine_projection_lag_events"][of("template_list")] == 0, "it reads none of them"
    assert 0 <= seen["engine_projection_lag_seconds"][of("contact_list")] < 600
    parked = seen["engine_parked_events"]
    assert parked[("follower", "touchy"), ("state", "failed")] == 1
    assert parked[("follower", "touchy"), ("state", "waiting")] == 1
    assert 0 <= seen["engine_heartbeat_age_seconds"][(("worker", "relay"),)] < 600
    catch_up(worker)
    assert scrape(port)["engine_projection_lag_events"][of("contact_list")] == 0
    assert str(people.workspace) not in page(port)


def test_far_behind_the_count_is_bounded_and_says_at_least_as_much(
    app: Adapters, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.projecting.lag.COUNT_UPTO", 5)
    end = app.log.record([fact(contact_imported(uuid4())) for _ in range(20)], asking(uuid4()))
    lags = scrape(port)["engine_projection_lag_events"]
    assert lags[of("contact_list")] == end
    assert lags[of("template_list")] == end, "not looked at to the end: an upper bound"


def test_a_writer_that_does_not_commit_is_seen_as_the_horizon_s_lag(
    worker: Adapters, port: int
) -> None:
    with worker.pool.connection() as open_writer, open_writer.transaction():
        open_writer.execute("SELECT log_begin(%s)", (uuid4(),))
        open_writer.execute("SELECT nextval('log_position')")
        assert scrape(port)["engine_log_horizon_lag_events"][()] == 1


def test_without_a_database_the_page_says_so(worker: Adapters, port: int) -> None:
    worker.pool.close()
    assert scrape(port) == {"engine_database_up": {(): 0}}
