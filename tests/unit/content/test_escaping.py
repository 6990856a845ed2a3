import pytest

from domain.content.escaping import Place, escape


@pytest.mark.parametrize(
    ("value", "place", "written"),
    [
        ("Ann", Place.HTML, "Ann"),
        ("<b>\"x\" & 'y'", Place.HTML, "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;"),
        ("{{ email }}", Place.HTML, "&#123;&#123; email &#125;&#125;"),
        ("{{ email }}", Place.PLAIN, "{ { email }}"),
        ("{{{{x", Place.HEADER, "{ {{ {x"),
        ("a\r\nBcc: x@y.example", Place.HEADER, "a Bcc: x@y.example"),
        ("a\u2028b\x85c", Place.HEADER, "a b c"),
        ("a\x00\x07b\nc\td", Place.PLAIN, "ab\nc\td"),
        ("a\u202eb\u2066c", Place.HTML, "abc"),
        ("a\ud800b", Place.HTML, "ab"),
        ("a b/c?d&e=f", Place.URL_PART, "a%20b%2Fc%3Fd%26e%3Df"),
        ("a@example.com", Place.URL_PART, "a@example.com"),
        ("Zoë\n", Place.URL_PART, "Zo%C3%AB"),
        ("https://example.com/?a=1&b=2", Place.URL_WHOLE, "https://example.com/?a=1&amp;b=2"),
        ("HTTP://example.com", Place.URL_WHOLE, "HTTP://example.com"),
        ("javascript:alert(1)", Place.URL_WHOLE, "#"),
        ("https://", Place.URL_WHOLE, "#"),
        ("https:///x", Place.URL_WHOLE, "#"),
        ("//example.com", Place.URL_WHOLE, "#"),
        ('https://example.com/"><script>', Place.URL_WHOLE, "#"),
        ("https://exa mple.com/", Place.URL_WHOLE, "#"),
        ("", Place.URL_WHOLE, "#"),
    ],
)
def test_in_14_a_value_is_escaped_for_its_place(value: str, place: Place, written: str) -> None:
    assert escape(value, place) == written
