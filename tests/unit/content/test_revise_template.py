"""Every save is a version; nobody's work is lost unseen; an old version is a new one again."""

from uuid import uuid4

import msgspec
import pytest

from commands.content.add_template import AddTemplate, add_template
from commands.content.duplicate_template import DuplicateTemplate, duplicate_template
from commands.content.revise_template import (
    RestoreVersion,
    RevisedTemplate,
    ReviseTemplate,
    restore_version,
    revise_template,
)
from domain.content.decider import TEMPLATE, Template, content_of
from domain.content.deletion import delete
from domain.content.events import TemplateRevised
from domain.content.versions import VERSIONS
from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
)
from infra.eventstore.memory import MemoryEventLog
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.asking import asking
from tests.support.builders import NOW

WORKSPACE, TEMPLATE_ID = uuid4(), uuid4()


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog()
    added = AddTemplate(template_id=TEMPLATE_ID, name="May", subject="First", html="<p>one</p>")
    add_template(added, asking(WORKSPACE), log, Nh3Sanitizer())
    return log


def save(log: MemoryEventLog, expected: int | None, **changes: object) -> RevisedTemplate:
    command = ReviseTemplate(
        template_id=TEMPLATE_ID, expected=expected, name="May", subject="First", html="<p>one</p>"
    )
    changed = msgspec.structs.replace(command, **changes)
    return revise_template(changed, asking(WORKSPACE), log, Nh3Sanitizer())


def now(log: MemoryEventLog) -> Template:
    return log.state(TEMPLATE, TEMPLATE_ID, asking(WORKSPACE))


def test_a_save_is_the_next_version_and_what_campaigns_use(log: MemoryEventLog) -> None:
    saved = save(log, 1, html="<p onclick='x'>two</p>", preheader="Look", text="own words")
    assert (saved.position, saved.version) == (2, 2)
    assert "onclick" in saved.warnings[0]
    content = content_of(now(log))
    assert isinstance(content, TemplateRevised)
    assert (content.version, content.preheader, content.own_text) == (2, "Look", True)
    assert (content.text, "onclick" in content.html) == ("own words", False)
    assert save(log, None, subject="Third").version == 3, "whatever is there"


def test_whoever_saves_an_older_version_is_told_which_there_is(log: MemoryEventLog) -> None:
    save(log, 1, subject="Second")
    with pytest.raises(StaleVersionError, match=r"at version 2, .* from version 1"):
        save(log, 1, subject="Lost")
    assert content_of(now(log)).subject == "Second"


@pytest.mark.parametrize("expected", [1, None])
def test_the_same_content_again_is_no_version(log: MemoryEventLog, expected: int | None) -> None:
    assert save(log, expected).version == 1
    assert len(log.events) == 1


def test_the_same_command_again_is_answered_alike(log: MemoryEventLog) -> None:
    context = asking(WORKSPACE)
    command = ReviseTemplate(
        template_id=TEMPLATE_ID, expected=1, name="May", subject="Second", html="<p>one</p>"
    )
    answers = [revise_template(command, context, log, Nh3Sanitizer()) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].version == 2


@pytest.mark.parametrize("field", ["name", "subject", "preheader", "text", "defaults"])
def test_each_thing_an_author_writes_makes_a_version(log: MemoryEventLog, field: str) -> None:
    value = {"x": "y"} if field == "defaults" else "other"
    assert save(log, 1, **{field: value}).version == 2


def test_a_save_needs_a_template_that_is_there_and_a_subject(log: MemoryEventLog) -> None:
    with pytest.raises(InvalidInputError, match="subject"):
        save(log, 1, subject=" ")
    with pytest.raises(NotFoundError):
        save(log, 1, template_id=uuid4())
    log.decide(
        TEMPLATE,
        TEMPLATE_ID,
        lambda t: delete(t, template_id=TEMPLATE_ID, until=NOW),
        asking(WORKSPACE),
    )
    with pytest.raises(IllegalTransitionError, match="trash"):
        save(log, 1, subject="x")


def restored(log: MemoryEventLog, version: int) -> RevisedTemplate:
    command = RestoreVersion(template_id=TEMPLATE_ID, version=version)
    return restore_version(command, asking(WORKSPACE), log)


def test_an_old_version_is_saved_again_as_the_newest(log: MemoryEventLog) -> None:
    save(log, 1, subject="Second")
    assert restored(log, 1).version == 3
    content = content_of(now(log))
    assert isinstance(content, TemplateRevised)
    assert (content.subject, content.restored_from) == ("First", 1)
    assert restored(log, 3).version == 4, "what is there may be saved again on purpose"
    versions = log.state(VERSIONS, TEMPLATE_ID, asking(WORKSPACE))
    assert [one.subject for one in versions] == ["First", "Second", "First", "First"]


@pytest.mark.parametrize("version", [0, 2])
def test_only_a_version_that_there_was_can_be_restored(log: MemoryEventLog, version: int) -> None:
    with pytest.raises(NotFoundError, match="no version"):
        restored(log, version)


def test_versions_of_a_deleted_template_stay(log: MemoryEventLog) -> None:
    log.decide(
        TEMPLATE,
        TEMPLATE_ID,
        lambda t: delete(t, template_id=TEMPLATE_ID, until=NOW),
        asking(WORKSPACE),
    )
    assert len(log.state(VERSIONS, TEMPLATE_ID, asking(WORKSPACE))) == 1


@pytest.mark.parametrize(("name", "called"), [("", "Copy of May"), ("June", "June")])
def test_a_copy_is_a_template_of_its_own(log: MemoryEventLog, name: str, called: str) -> None:
    save(log, 1, subject="Second", preheader="Look")
    copy_id = uuid4()
    command = DuplicateTemplate(template_id=copy_id, source_id=TEMPLATE_ID, name=name)
    duplicate_template(command, asking(WORKSPACE), log)
    copy = log.state(TEMPLATE, copy_id, asking(WORKSPACE))
    content = content_of(copy)
    assert (copy.version, content.name, content.subject) == (1, called, "Second")
    assert content.preheader == "Look"
    save(log, 2, subject="Third")
    assert content_of(log.state(TEMPLATE, copy_id, asking(WORKSPACE))).subject == "Second"
