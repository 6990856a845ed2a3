"""Fill a log with facts and decisions, as several people would."""

from uuid import UUID, uuid4

from domain.shared.model import Fact
from domain.tenancy.decider import WORKSPACE
from infra.bootstrap import Adapters
from tests.support.asking import asking
from tests.support.builders import a_fact, workspace_created


def record_facts(adapters: Adapters, workspace_id: UUID, count: int) -> list[Fact]:
    """Record facts in one commit."""
    facts = [a_fact() for _ in range(count)]
    adapters.log.record(facts, asking(workspace_id))
    return facts


def founded(adapters: Adapters) -> UUID:
    """Return a new workspace whose log begins with a decision."""
    workspace_id = uuid4()
    adapters.log.decide(
        WORKSPACE, workspace_id, lambda _: [workspace_created(workspace_id)], asking(workspace_id)
    )
    return workspace_id
