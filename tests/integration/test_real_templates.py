"""The real templates beside the repository go through with the same words and links as before.

They are written for another system: their tags are declared as kept on purpose, and then nothing
that a reader sees changes, from the file to the mail.
"""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from domain.content.errors import UnknownMergeTagError
from domain.content.merge_tags import Tag, check, find_tags
from domain.content.plain_text import from_html
from domain.content.snapshot import ForeignTags, Snapshot
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.mime.compiled_message import CompiledMessage, Sending, compile_message
from infra.mime.recipient import Recipient
from tests.support.html_reading import count, dangers, links, visible_text
from tests.support.mail_reading import body, read
from tests.support.shared_data import shared_data

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "template.html"
SHARED = shared_data()
REAL = sorted((SHARED / "templates").glob("*.html")) if SHARED else []
real = pytest.mark.parametrize(
    "file",
    REAL or [pytest.param(None, marks=pytest.mark.skip("../shared is not here"))],
    ids=lambda file: file.name if file else "absent",
)
SANITIZER = Nh3Sanitizer()
SENDING = Sending(domain="example.com", list_id="l.example.com", feedback_id="c:w:bulk:engine")


def compiled(html: str, foreign_tags: ForeignTags, **changes: object) -> CompiledMessage:
    snapshot = Snapshot(
        subject="Hello",
        html=html,
        from_email="news@example.com",
        postal_address="Hilltown",
        foreign_tags=foreign_tags,
        **changes,  # type: ignore[arg-type]  # a test's shorthand
    )
    return compile_message(snapshot, SENDING)


def mailed(message: CompiledMessage, fields: dict[str, str]) -> tuple[str, str]:
    raw = message.render(
        Recipient(
            email="ann@example.com",
            fields=fields,
            message_id=UUID(int=1),
            sent_at=datetime(2026, 1, 1, tzinfo=UTC),
            unsubscribe_url="https://t.example.com/u/1",
            open_url="https://t.example.com/o/1",
            link_urls=message.links,
        )
    )
    return body(read(raw), "html"), body(read(raw), "plain")


@real
def test_a_real_template_keeps_its_words_links_and_rows(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    result = SANITIZER.clean(source)
    assert visible_text(result.html) == visible_text(source)
    assert links(result.html) == links(source)
    assert [count(result.html, name) for name in ("tr", "td", "img", "h1", "p")] == [
        count(source, name) for name in ("tr", "td", "img", "h1", "p")
    ]
    assert dangers(result.html) == []
    assert SANITIZER.clean(result.html).html == result.html


@real
def test_a_real_template_keeps_its_media_queries_and_outlook_rules(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    result = SANITIZER.clean(source)
    assert result.html.count("@media") == source.count("@media") == 3
    assert "prefers-color-scheme: dark" in result.html
    assert "<!--[if mso]><style>.f-fallback {font-family: Arial, sans-serif}" in result.html
    assert result.warnings == ("line 10: removed @import from <style>",)


@real
def test_a_real_template_is_mailed_as_it_stands_with_a_footer_of_ours(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    clean = SANITIZER.clean(source).html
    html, text = mailed(compiled(clean, ForeignTags.KEEP), {})
    assert visible_text(html) == visible_text(source) + " Hilltown Unsubscribe"
    assert links(html)[:-1] == links(source)
    assert links(html)[-1] == ("https://t.example.com/u/1", "Unsubscribe")
    for word in set(visible_text(source).split()) - set(_preheader(source).split()):
        assert word in text
    for address, _ in links(source):
        assert address.removeprefix("mailto:") in text


def _preheader(source: str) -> str:
    opening = source.find('class="preheader">')
    return source[opening + 18 : source.find("</span>", opening)] if opening >= 0 else ""


@real
def test_a_real_template_is_not_launched_half_filled(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    problems = check(find_tags(source), source=source)
    assert problems
    assert all(f"at line {problem.line}, column " in problem.message for problem in problems)
    with pytest.raises(UnknownMergeTagError):
        compiled(SANITIZER.clean(source).html, ForeignTags.REFUSE)


@pytest.mark.skipif(not REAL, reason="../shared is not here")
def test_a_real_template_is_filled_in_when_its_tags_have_defaults() -> None:
    source = next(file for file in REAL if file.name == "welcome.html").read_text(encoding="utf-8")
    names = {tag.name for tag in find_tags(source) if isinstance(tag, Tag)}
    defaults = {name: f"https://example.com/{name}" for name in names} | {"name": "friend"}
    clean = SANITIZER.clean(source).html
    html, text = mailed(compiled(clean, ForeignTags.REFUSE, defaults=defaults), {"name": "<Ann>"})
    assert "Welcome, &lt;Ann&gt;!" in html
    assert "Welcome, <Ann>!" in text
    assert 'href="https://example.com/action_url"' in html
    assert "{{" not in html + text


def test_our_own_template_goes_through_unchanged_and_without_warnings() -> None:
    source = EXAMPLE.read_text(encoding="utf-8")
    result = SANITIZER.clean(source)
    assert result.warnings == ()
    assert visible_text(result.html) == visible_text(source)
    assert links(result.html) == links(source)
    assert check(find_tags(source), source=source) == []
    assert result.html.count("@media") == source.count("@media")
    assert result.html.count("<!--[if mso]>") == source.count("<!--[if mso]>")


def test_our_own_template_brings_its_own_footer_and_four_to_six_tracked_links() -> None:
    clean = SANITIZER.clean(EXAMPLE.read_text(encoding="utf-8")).html
    message = compiled(clean, ForeignTags.REFUSE)
    assert 4 <= len(message.links) <= 6
    html, text = mailed(message, {"first_name": "Ann"})
    assert html.count("Unsubscribe") == html.count("Hilltown") == 1
    assert "Dear Ann, the soil" in text
    assert "Twelve bulbs" not in from_html(clean)
    fellow, _ = mailed(message, {})
    assert "Dear fellow gardener, the soil" in fellow
