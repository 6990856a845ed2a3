"""What a preview shows: one person's values, what was cleaned, and nothing that is recorded."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from commands.content.add_template import AddTemplate, add_template
from commands.content.preview_template import (
    NO_ADDRESS,
    Preview,
    Recipient,
    Viewer,
    preview_template,
    preview_writing,
)
from commands.content.revise_template import ReviseTemplate, revise_template
from commands.content.writing import Writing
from commands.tenancy.create_workspace import CreateWorkspace, create_workspace
from domain.shared.errors import NotFoundError
from infra.eventstore.memory import MemoryEventLog
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.mime.preview import PreviewRenderer
from tests.support.asking import asking
from tests.support.builders import NOW

WORKSPACE, TEMPLATE_ID, ANN = uuid4(), uuid4(), uuid4()
HTML = (
    '<p>Hi {{ first_name }} {{ town | default: "there" }} {{ shoe_size }} {{ plan }}</p>'
    '<p><a href="https://example.com/?a=1&amp;b=2">Go</a> {{ unsubscribe_url }}</p>'
    "<script>x</script>"
)
WRITING = Writing(
    name="May", subject="For {{ first_name }}", html=HTML, preheader="Look, {{ town }}"
)


class People:
    """The ports about contacts: Ann, and the fields that contacts have."""

    def of(self, workspace_id: UUID, contact_id: UUID) -> Mapping[str, str] | None:
        ann = {"email": "ann@example.com", "first_name": "Ann <b>", "town": "Ghent"}
        return ann if (workspace_id, contact_id) == (WORKSPACE, ANN) else None

    def size(self, workspace_id: UUID) -> int:
        raise AssertionError(workspace_id)

    def known_fields(self, workspace_id: UUID, names: AbstractSet[str]) -> frozenset[str]:
        assert workspace_id == WORKSPACE
        return frozenset(names & {"town", "shoe_size"})


class Kept:
    """The port `Previews`, which remembers."""

    def __init__(self) -> None:
        self.html: list[str] = []

    def keep(self, workspace_id: UUID, html: str) -> tuple[str, datetime]:
        assert workspace_id == WORKSPACE
        self.html.append(html)
        return "/v1/previews/x", NOW


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def viewer(kept: Kept) -> Viewer:
    return Viewer(People(), PreviewRenderer("https://mail.example.com/"), kept, People())


def shown(viewer: Viewer, log: MemoryEventLog | None = None, **recipient: object) -> Preview:
    return preview_writing(
        WRITING,
        Recipient(**recipient),  # type: ignore[arg-type] # a test's shorthand
        asking(WORKSPACE),
        log or MemoryEventLog(),
        viewer,
        Nh3Sanitizer(),
    )


def test_without_a_contact_somebody_made_up_gets_it(viewer: Viewer, kept: Kept) -> None:
    preview = shown(viewer, values={"town": "Bath"})
    assert (preview.subject, preview.preheader) == ("For Alex", "Look, {{ town }}")
    (html,) = kept.html
    assert "Hi Alex Bath shoe size {{ plan }}" in html
    assert ">Look, Bath</div>" in html
    assert '<a href="https://example.com/?a=1&amp;b=2">' in html, "links lead where they lead"
    assert "https://mail.example.com/u/preview" in html
    assert NO_ADDRESS in html
    assert "<script" not in html
    assert "https://mail.example.com/u/preview" in preview.text
    assert (preview.html_bytes, preview.text_bytes) == (len(html), len(preview.text))
    about = " / ".join(preview.warnings)
    assert "removed <script>" in about
    assert "plan" in about


def test_a_contact_is_shown_what_they_would_get(viewer: Viewer, kept: Kept) -> None:
    log = MemoryEventLog()
    create_workspace(
        CreateWorkspace(
            workspace_id=WORKSPACE, name="W", sender_name="W", sender_address="w@example.com",
            postal_address="1 Orchard Road",
        ),
        asking(WORKSPACE),
        log,
    )  # fmt: skip
    preview = shown(viewer, log, contact_id=ANN, values={"plan": "gold"})
    assert preview.subject == "For Ann <b>"
    assert "Hi Ann &lt;b&gt; Ghent  gold" in kept.html[0]
    assert "1 Orchard Road" in kept.html[0]
    with pytest.raises(NotFoundError, match="contact"):
        shown(viewer, contact_id=uuid4())


def test_a_saved_template_is_shown_as_it_is_or_was(viewer: Viewer, kept: Kept) -> None:
    log, context = MemoryEventLog(), asking(WORKSPACE)
    first = AddTemplate(template_id=TEMPLATE_ID, name="May", subject="First", html="<p>one</p>")
    add_template(first, context, log, Nh3Sanitizer())
    second = ReviseTemplate(
        template_id=TEMPLATE_ID, expected=1, name="May", subject="Second", html="<p>two</p>"
    )
    revise_template(second, asking(WORKSPACE), log, Nh3Sanitizer())
    looks: list[tuple[int | None, str]] = [(None, "Second"), (1, "First"), (2, "Second")]
    for version, subject in looks:
        preview = preview_template(TEMPLATE_ID, version, Recipient(), context, log, viewer)
        assert preview.subject == subject
    assert [("one" in html, "two" in html) for html in kept.html] == [
        (False, True), (True, False), (False, True),
    ]  # fmt: skip
    with pytest.raises(NotFoundError):
        preview_template(uuid4(), None, Recipient(), context, log, viewer)
