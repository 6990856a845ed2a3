"""The life of a template."""

import msgspec
import pytest

from domain.content import decider
from domain.content.decider import TEMPLATE, Template
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from tests.support.builders import template_added
from tests.support.scenario import Scenario

ADDED = template_added()


def test_a_template_is_added_as_it_is() -> None:
    after = Scenario(TEMPLATE).when(lambda t: decider.add(t, added=ADDED)).then(ADDED)
    assert after == Template(content=ADDED, version=1)


def test_a_template_is_never_overwritten() -> None:
    other = msgspec.structs.replace(ADDED, html="<p>Other</p>")
    Scenario(TEMPLATE).given(ADDED).when(lambda t: decider.add(t, added=other)).refused(
        IllegalTransitionError, "use a new id"
    )


@pytest.mark.parametrize("field", ["name", "subject"])
@pytest.mark.parametrize("value", ["", " \n"])
def test_a_template_needs_a_name_and_a_subject(field: str, value: str) -> None:
    bare = msgspec.structs.replace(ADDED, **{field: value})
    Scenario(TEMPLATE).when(lambda t: decider.add(t, added=bare)).refused(
        InvalidInputError, f"needs a {field}"
    )
