"""What an author is told about a template before it is sent, and where."""

from uuid import uuid4

import pytest

from commands.content.add_template import AddTemplate, add_template
from commands.content.lint_template import lint_template, lint_writing
from commands.content.writing import Writing
from domain.content.lint import Finding, Severity
from domain.content.tag_catalog import of_contacts, of_field, of_mail
from domain.shared.errors import NotFoundError
from infra.eventstore.memory import MemoryEventLog
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.asking import asking
from tests.support.memory_ports import MemoryAudience

GOOD = """<html lang="en"><body><p>Hello {{ first_name }}, the news of May are here: twenty words
are not much to ask for of anybody who writes a mail to people that did agree to get it.</p>
<img src="https://example.com/a.png" alt="Apples"><a href="https://example.com/">Read</a>
<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>"""


def look(html: str = GOOD, **changes: object) -> list[Finding]:
    fields: dict[str, object] = {"name": "", "subject": "News of May", "preheader": "Apples"}
    writing = Writing(html=html, **(fields | changes))  # type: ignore[arg-type] # shorthand
    return lint_writing(writing, asking(uuid4()), MemoryAudience(fields={"town"}), Nh3Sanitizer())


def test_a_good_template_has_no_findings() -> None:
    assert look() == []
    assert look(GOOD.replace("first_name", "town"), text="own words for all") == []


BAD: dict[str, tuple[str, str, str, int | None]] = {
    "alt_missing": (' alt="Apples"', "", "html", 3),
    "picture_insecure": ("https://example.com/a", "http://example.com/a", "html", 3),
    "link_insecure": ('"https://example.com/"', '"http://example.com/"', "html", 3),
    "link_empty": ('"https://example.com/"', '"#"', "html", 3),
    "language_missing": (' lang="en"', "", "html", None),
    "unsubscribe_missing": ("{{ unsubscribe_url }}", "https://x.example", "html", None),
    "postal_address_missing": ("{{ postal_address }}", "", "html", None),
    "gmail_clips": ("<p>Hello", "<p>" + "x " * 60_000, "html", None),
    "unknown_merge_tag": ("first_name", "fist_name", "html", 1),
    "merge_tag_syntax": ("first_name", "first_name | shout", "html", 1),
    "merge_tag_open": ("Read", "{{ Read", "html", None),
    "removed": ("<p>{{", "<script>x</script><p>{{", "html", 4),
}
"""code -> what is replaced by what in the good template, and the place that is named."""
LINES: dict[str, tuple[dict[str, object], str]] = {
    "subject_empty": ({"subject": " "}, "subject"),
    "subject_long": ({"subject": "x" * 61}, "subject"),
    "subject_shouts": ({"subject": "BUY NOW"}, "subject"),
    "preheader_missing": ({"preheader": ""}, "preheader"),
    "preheader_long": ({"preheader": "x" * 131}, "preheader"),
}


@pytest.mark.parametrize("code", BAD)
def test_each_fault_is_found_at_its_place_with_its_repair(code: str) -> None:
    good, bad, part, line = BAD[code]
    found = look(GOOD.replace(good, bad))
    assert (code, part, line) in {(one.code, one.part, one.line) for one in found}
    assert all(one.fix and one.message for one in found)


@pytest.mark.parametrize("code", LINES)
def test_each_fault_of_the_lines_of_an_inbox_is_found_alone(code: str) -> None:
    changes, part = LINES[code]
    (found,) = look(**changes)  # type: ignore[arg-type] # the values' types are the fields'
    assert (found.code, found.part) == (code, part)


def test_a_mail_that_is_all_picture_is_told_so() -> None:
    html = '<html lang="en"><img src="https://example.com/a.png" alt="Apples"></html>'
    assert "all_picture" in {one.code for one in look(html, text="many words " * 20)}


def test_a_mail_without_words_is_told_so() -> None:
    codes = {one.code for one in look("<p>{{ unsubscribe_url }}{{ postal_address }}</p>", text=" ")}
    assert "text_missing" in codes
    assert "language_missing" not in codes, "a fragment gets its document from us"


def test_errors_come_first_and_a_broken_tag_hides_nothing_else() -> None:
    html = "<html><p>\n{{ x | y }}</p><img src='http://a.example/'>"
    found = look(html, subject="a {{ b | c }}", preheader="", text="one\n{{ d | e }}")
    severities = [one.severity for one in found]
    order = [Severity.ERROR, Severity.WARNING, Severity.HINT]
    assert severities == sorted(severities, key=order.index)
    lines = {(one.part, one.line) for one in found if one.code == "merge_tag_syntax"}
    assert lines == {("html", 2), ("subject", 1), ("text", 2)}
    assert {"alt_missing", "picture_insecure", "preheader_missing"} <= {one.code for one in found}


def test_foreign_tags_that_are_kept_are_no_errors() -> None:
    (kept,) = look(GOOD.replace("first_name", "other"), keep_foreign_tags=True)
    assert (kept.code, kept.severity) == ("unknown_merge_tag", Severity.WARNING)


def test_html_that_cannot_be_saved_is_one_error_with_its_line() -> None:
    (refused,) = look("<p>\n" + "<div>" * 300)
    assert (refused.code, refused.severity, refused.line) == ("template_refused", "error", 2)
    (large,) = look("<p>" + "x" * 600_000)
    assert large.line is None


def test_a_saved_template_is_looked_at_as_it_is() -> None:
    log, workspace, template = MemoryEventLog(), uuid4(), uuid4()
    for own in ("", "few words"):
        template = uuid4()
        added = AddTemplate(
            template_id=template, name="T", subject="S", preheader="P", html=GOOD, text=own
        )
        add_template(added, asking(workspace), log, Nh3Sanitizer())
        found = lint_template(template, asking(workspace), log, MemoryAudience(), Nh3Sanitizer())
        assert [one.code for one in found] == []
    with pytest.raises(NotFoundError):
        lint_template(uuid4(), asking(workspace), log, MemoryAudience(), Nh3Sanitizer())


def test_the_catalog_writes_tags_that_can_be_read() -> None:
    written = [tag.syntax for tag in [*of_contacts(), of_field("town", "Ghent"), *of_mail()]]
    assert len(written) == 6
    assert all(
        one.code not in {"unknown_merge_tag", "merge_tag_syntax"} for one in look("".join(written))
    )
