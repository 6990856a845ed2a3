"""Which question comes next to a new workspace?"""

from collections.abc import Mapping

from domain.tenancy.events import Step

OPEN, ANSWERED, SKIPPED = "open", "answered", "skipped"


def next_step(states: Mapping[Step, str]) -> Step | None:
    """Return the first step that is open, else the first that was skipped; None at the end."""
    for wanted in (OPEN, SKIPPED):
        for step in Step:
            if states.get(step, OPEN) == wanted:
                return step
    return None
