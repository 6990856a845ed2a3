"""A template is cleaned, gets a text part and a digest, and its open tags are warnings."""

from collections.abc import Sequence
from uuid import uuid4

import msgspec
import pytest

from commands.content.add_template import AddedTemplate, AddTemplate, add_template
from domain.content.errors import MergeTagSyntaxError
from domain.content.events import TemplateAdded
from domain.shared.errors import IllegalTransitionError, InvalidInputError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking

WORKSPACE, TEMPLATE = uuid4(), uuid4()
COMMAND = AddTemplate(
    template_id=TEMPLATE,
    name="Welcome",
    subject="Hi {{ first_name }}",
    html="<p>Hello {{ first_name }}</p>\n<script>x</script>",
)


class Clean(msgspec.Struct, frozen=True):
    html: str
    warnings: Sequence[str]


class MarkingSanitizer:
    """The port `commands.ports.Sanitizer`: takes scripts out, and says so."""

    def clean(self, html: str) -> Clean:
        return Clean(html.replace("<script>x</script>", ""), ["a script was removed"])


def add(log: MemoryEventLog, **changes: object) -> AddedTemplate:
    command = msgspec.structs.replace(COMMAND, **changes)
    return add_template(command, asking(WORKSPACE), log, MarkingSanitizer())


def recorded(log: MemoryEventLog) -> TemplateAdded:
    ((workspace, stream, event),) = log.events
    assert (workspace, stream) == (WORKSPACE, TEMPLATE)
    assert isinstance(event, TemplateAdded)
    return event


def test_what_is_recorded_is_clean_and_has_a_text_part() -> None:
    log = MemoryEventLog()
    answer = add(log, defaults={"first_name": "you"}, keep_foreign_tags=True)
    event = recorded(log)
    assert event.html == "<p>Hello {{ first_name }}</p>\n"
    assert event.text.strip() == "Hello {{ first_name }}"
    assert event.defaults == {"first_name": "you"}
    assert event.keep_foreign_tags
    assert answer == AddedTemplate(1, ["a script was removed"])
    assert event.warnings == answer.warnings


def test_the_digest_names_subject_html_and_text() -> None:
    digests = set()
    for changes in ({}, {"subject": "Ho"}, {"html": "<p>Ho</p>"}, {"name": "another name"}):
        log = MemoryEventLog()
        add(log, **changes)
        digests.add(recorded(log).sha256)
    assert len(digests) == 3, "the name is not what is sent"
    assert all(len(digest) == 64 for digest in digests)


def test_open_tags_of_html_and_subject_are_warnings_with_their_place() -> None:
    log = MemoryEventLog()
    answer = add(log, subject="{{ season }} news", html="<p>x</p>\n<p>{{ shoe_size }}</p>")
    about = " / ".join(answer.warnings)
    assert "season" in about
    assert "shoe_size" in about
    assert "line 2" in about
    assert recorded(log).warnings == list(answer.warnings)


@pytest.mark.parametrize("field", ["subject", "html"])
def test_a_broken_tag_is_refused_and_nothing_is_recorded(field: str) -> None:
    log = MemoryEventLog()
    with pytest.raises(MergeTagSyntaxError):
        add(log, **{field: "Hello {{ first_name | nonsense }}"})
    assert log.events == []


def test_a_template_without_a_name_is_refused_and_an_id_is_used_once() -> None:
    log = MemoryEventLog()
    with pytest.raises(InvalidInputError, match="name"):
        add(log, name=" ")
    add(log)
    with pytest.raises(IllegalTransitionError, match="use a new id"):
        add(log)


def test_a_tag_that_is_never_closed_is_a_warning_with_its_place() -> None:
    log = MemoryEventLog()
    answer = add(log, html="<p>\nHello {{ first_name\n</p>")
    assert any("`{{` at line 2, column 7 is never closed" in w for w in answer.warnings)
