"""The buffer: appends soon, in groups, again when it fails, and says what it loses."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from commands.engagement.record_hits import Hit, TrackedCampaign
from commands.ports import Effect
from domain.shared.context import Context
from domain.shared.model import Fact
from infra.clock import new_id, now
from infra.eventstore.memory import MemoryEventLog
from read_api.edge import hit_buffer
from read_api.edge.hit_buffer import GROUP, HitBuffer


class Anywhere:
    def find(self, workspace_id: UUID, campaign_id: UUID) -> TrackedCampaign:
        del workspace_id, campaign_id
        return TrackedCampaign(1_780_000_000_000, ())


class FailingLog(MemoryEventLog):
    """Refuses the first `failures` appends, after the facts are in: the answer was lost."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.sizes: list[int] = []

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        self.sizes.append(len(facts))
        position = super().record(facts, context, effects=effects)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        return position


class SlowLog(MemoryEventLog):
    """Takes long enough for somebody to close the buffer meanwhile."""

    def record(
        self, facts: Sequence[Fact], context: Context, *, effects: Sequence[Effect] = ()
    ) -> int:
        time.sleep(0.05)
        return super().record(facts, context, effects=effects)


def hit(workspace: int = 1) -> Hit:
    return Hit(
        hit_id=new_id(),
        workspace_id=UUID(int=workspace),
        campaign_id=uuid4(),
        contact_id=uuid4(),
        link=None,
        user_agent=None,
        ip=None,
    )


def buffer_on(log: MemoryEventLog) -> HitBuffer:
    return HitBuffer(lambda: log, Anywhere(), now=now, new_id=new_id)


def wait_for(log: MemoryEventLog, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(log.events) < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_single_hit_is_in_the_log_soon() -> None:
    log = MemoryEventLog()
    buffer = buffer_on(log)
    buffer.start()
    buffer.add(hit())
    wait_for(log, 1)  # nobody fills the group or closes the buffer: the clock alone sends it
    buffer.close()


def test_many_hits_go_in_groups_by_workspace() -> None:
    log = FailingLog(failures=0)
    buffer = buffer_on(log)
    for number in range(3 * GROUP):
        buffer.add(hit(workspace=number % 2))
    buffer.start()
    wait_for(log, 3 * GROUP)
    buffer.close()
    assert max(log.sizes) <= GROUP
    assert len(log.sizes) == 6


def test_closing_appends_what_is_there() -> None:
    log = SlowLog()
    buffer = buffer_on(log)
    for _ in range(3 * GROUP + 1):
        buffer.add(hit())
    buffer.start()
    buffer.close()
    assert len(log.events) == 3 * GROUP + 1


def test_a_failed_append_is_repeated_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hit_buffer, "RETRY_S", 0.01)
    log = FailingLog(failures=2)
    buffer = buffer_on(log)
    buffer.start()
    buffer.add(hit())
    deadline = time.monotonic() + 10
    while len(log.sizes) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    buffer.close()
    assert len(log.events) == 1


def test_a_full_buffer_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hit_buffer, "CAPACITY", 10)
    log = MemoryEventLog()
    buffer = buffer_on(log)
    hits = [hit() for _ in range(15)]
    for one in hits:
        buffer.add(one)
    buffer.start()
    buffer.close()
    assert [stream for _, stream, _ in log.events] == [one.hit_id for one in hits[5:]]
