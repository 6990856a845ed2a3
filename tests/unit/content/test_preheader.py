"""The line behind the subject: where it stands, and that no part shows it twice."""

from domain.content.plain_text import from_html
from domain.content.preheader import with_preheader


def test_it_is_the_first_thing_in_the_body_and_not_in_the_text() -> None:
    html = with_preheader("<html><body class=x><p>Hi</p></body></html>", "5 < 6, {{ first_name }}")
    assert "<body class=x><div style=" in html
    assert ">5 &lt; 6, {{ first_name }}</div><p>Hi</p>" in html
    assert from_html(html).strip() == "Hi"


def test_a_document_without_a_body_or_a_line_is_well() -> None:
    assert with_preheader("<p>Hi</p>", "x").endswith("x</div><p>Hi</p>")
    assert with_preheader("<p>Hi</p>", "") == "<p>Hi</p>"
