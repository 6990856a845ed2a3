import pytest

from domain.content.errors import TemplateRefusedError
from infra.html.css import clean_declarations, clean_stylesheet
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.html.placeholders import Placeholders, restore

SANITIZER = Nh3Sanitizer()


def clean(html: str) -> str:
    return SANITIZER.clean(html).html


def test_a_script_is_removed_with_a_warning_that_names_the_line() -> None:
    result = SANITIZER.clean("<p>one</p>\n<p>two</p>\n<script>\nalert(1)\n</script>\n<p>three</p>")
    assert "alert" not in result.html
    assert "<p>three</p>" in result.html
    assert result.warnings == ("line 3: removed <script> with its content",)


def test_every_kind_of_removal_is_reported_once_with_its_count() -> None:
    result = SANITIZER.clean(
        '<a href="javascript:x()" onclick="y()">a</a>\n'
        '<div style="position:fixed;color:red">b</div><form></form>\n'
        '<a href="/shop" onclick="z()">c</a>'
    )
    assert result.warnings == (
        "line 1: removed href='javascript:x()' on <a>: write an absolute https address",
        "line 1: removed onclick on <a> (2 times)",
        "line 2: removed position: fixed from a style on <div>",
        "line 2: removed <form>",
        "line 3: removed href='/shop' on <a>: write an absolute https address",
    )


def test_honest_html_gives_no_warning() -> None:
    html = (
        '<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Hallo</title>'
        "<style>p { color: #333 } @media (max-width: 600px) { p { margin: 0 } }</style></head>"
        '<body bgcolor="#ffffff"><p class="x" style="margin:0">Grüße &amp; Küsse</p></body></html>'
    )
    assert SANITIZER.clean(html).warnings == ()


def test_in_11_the_wrapper_is_rebuilt() -> None:
    html = clean(
        '<!DOCTYPE html><html lang="en" dir="rtl" onclick="x"><head>'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="dark">'
        '<meta http-equiv="refresh" content="0"><title> A &lt; B </title></head>'
        '<body bgcolor="#eee" class="page" style="margin:0;behavior:url(x)" onload="x">Hi'
        "</body></html>"
    )
    assert html == (
        "<!DOCTYPE html>\n"
        '<html lang="en" dir="rtl">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="dark">\n<title>A &lt; B</title>\n</head>\n'
        '<body bgcolor="#eee" class="page" style="margin: 0">\nHi\n</body>\n</html>\n'
    )


def test_in_9_style_sheets_keep_media_queries_and_lose_imports() -> None:
    result = clean_stylesheet(
        "@import 'x.css'; a { color: red; behavior: url(x) }\n"
        "@media (prefers-color-scheme: dark) { .a > b, #c { color: #fff !important } }\n"
        "@font-face { font-family: 'X'; src: url(https://example.com/x.woff2) format('woff2') }"
    )
    assert result.css == (
        "a {color: red}\n"
        "@media (prefers-color-scheme: dark) {\n.a > b, #c {color: #fff !important}\n}\n"
        '@font-face {font-family: "X"; src: url(https://example.com/x.woff2) format("woff2")}\n'
    )
    assert result.dropped == ["@import", "the property behavior"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("color: RED; Margin:0 auto!important", "color: RED; margin: 0 auto !important"),
        ("mso-line-height-rule: exactly", "mso-line-height-rule: exactly"),
        ("background: url(https://example.com/a.png) no-repeat", None),
        ("background: url(http://example.com/a.png)", ""),
        (
            "background: url( 'ht\\74ps://example.com/a.png' )",
            'background: url( "https://example.com/a.png" )',
        ),
        ("width: calc(100% - 20px)", "width: calc(100% - 20px)"),
        ("width: expression(1)", ""),
        ("position: relative", "position: relative"),
        ("position: sticky", ""),
        ("--x: url(javascript:1)", ""),
        ("color: {{ color }}", ""),
        ("content: '<b>'", ""),
        ("color: red; {}; x", "color: red"),
        ("*zoom: 1; color: blue", "color: blue"),
        ("color: red /* ; */ ; margin: 1px/**/2px", "color: red; margin: 1px/**/2px"),
    ],
)
def test_in_8_style_attributes_keep_what_is_listed(written: str, kept: str | None) -> None:
    css = clean_declarations(written).css
    assert css == (written if kept is None else kept)
    assert clean_declarations(css).css == css


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/?a=1&b={{ first_name }}",
        "{{ action_url }}",
        "{{action_url}}",
        "{{ link | default: 'https://example.com/' }}",
        "mailto:{{ support }}",
        "tel:+49301234",
        "#top",
    ],
)
def test_addresses_with_merge_tags_survive(address: str) -> None:
    attribute = address.replace("&", "&amp;")
    assert f'<a href="{attribute}">x</a>' in clean(f'<a href="{address}">x</a>')


def test_in_11_tags_between_table_rows_stay_where_they_are() -> None:
    html = clean("<table>{{#each x}}<tr><td>a</td></tr>{{/each}}<tr><td>b</td></tr></table>")
    assert "<table>{{#each x}}<tbody><tr><td>a</td></tr>{{/each}}<tr>" in html


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("<!-- note -->", ""),
        ("<!--[if mso]><table width='600'><tr><td><![endif]-->", None),
        (
            "<!--[if gte mso 9]></td></tr></table><![endif]-->",
            "<!--[if gte mso 9]></td></tr></table><![endif]-->",
        ),
        ("<!--[if mso]>text<![endif]-->", ""),
        ("<!--[if IE]><table><![endif]-->", ""),
        ("<!--[if mso | IE]><table><![endif]-->", ""),
        ("<!--[if mso]><v:rect></v:rect><![endif]-->", ""),
        (
            "<!--[if mso]><table onclick='x' style='width:1px;position:fixed'><![endif]-->",
            '<!--[if mso]><table style="width: 1px"><![endif]-->',
        ),
    ],
)
def test_in_10_conditional_comments_pass_by_the_strict_rule_only(
    comment: str, kept: str | None
) -> None:
    expected = comment.replace("'", '"') if kept is None else kept
    html = clean(f"<p>a</p>{comment}<p>b</p>")
    assert f"<p>a</p>{expected}<p>b</p>" in html


def test_in_10_outlook_style_and_density_move_into_the_head() -> None:
    html = clean(
        "<p>x</p><!--[if mso]><style>td { color: red }</style><![endif]-->"
        "<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch>"
        "</o:OfficeDocumentSettings></xml><![endif]-->"
    )
    head = html[: html.index("</head>")]
    assert "<!--[if mso]><style>td {color: red}\n</style><![endif]-->" in head
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in head
    assert 'xmlns:o="urn:schemas-microsoft-com:office:office"' in head


def test_more_findings_than_anyone_reads_are_summed_up() -> None:
    warnings = SANITIZER.clean("".join(f"<x{n}></x{n}>" for n in range(60))).warnings
    assert len(warnings) == 51
    assert warnings[-1] == "and 10 more kinds of things were removed"


@pytest.mark.parametrize(
    "address",
    [
        "{{ x | shout }}",
        "{{ open",
        "{{",
        "javascript:{{ x }}",
        "//{{ x }}",
        "x/{{ y }}",
        "https://a.example/\nx",
    ],
)
def test_an_address_that_only_looks_like_a_good_one_is_removed(address: str) -> None:
    assert "<a>x</a>" in clean(f'<a href="{address}">x</a>')


@pytest.mark.parametrize(
    ("css", "clean_css", "dropped"),
    [
        ("a { color: red } }", "a {color: red}\n", "CSS that cannot be read"),
        ("a{} b{color:x", "b {color: x}\n", None),
        ("@media screen { a { } }", "", None),
        ("@media ) { a { color: red } }", "", "@media with a condition that cannot be read"),
        ("@media screen;", "", "@media"),
        ("@font-face { src: local(x) url(x) }", "", "the value of src"),
        (
            "a { grid-area: 1; margin: (1px) [x] }",
            "a {margin: (1px) [x]}\n",
            "the property grid-area",
        ),
        ("a { color: red; b { color: blue } }", "a {color: red}\n", "CSS that cannot be read"),
        ("a { width: var(--x) }", "", "the value of width"),
        ("{ color: red }", "", "a rule whose selector cannot be read"),
        ("(" * 33, "", "a style sheet nested too deeply"),
    ],
)
def test_in_9_what_cannot_be_read_is_dropped_and_named(
    css: str, clean_css: str, dropped: str | None
) -> None:
    result = clean_stylesheet(css)
    assert result.css == clean_css
    assert result.dropped == ([dropped] if dropped else [])
    assert clean_stylesheet(result.css).css == result.css


def test_outlook_ghosts_may_be_spaced_out() -> None:
    html = clean("<!--[if mso]>\n <table>\n <tr>\n<![endif]-->x")
    assert "<!--[if mso]><table><tr><![endif]-->x" in html


def test_a_comment_that_claims_to_be_ours_brings_nothing_back() -> None:
    for claimed in ("<!--kept:5-->", "<!--kept:-->", "<!--kept:\u0662-->", "<!--other-->"):
        assert "\na\n" in clean(f"a{claimed}")


def test_tables_closed_around_open_elements_are_no_nesting() -> None:
    html = "<table><tr><td><font>x</td></tr></table>" * 400
    assert clean(html).count("<table>") == 400


def test_every_link_opens_in_a_new_window_or_in_none() -> None:
    assert '<a target="_blank">x</a>' in clean('<a target="evil">x</a>')


def test_only_our_own_comments_come_back_from_the_sanitizers_output() -> None:
    placeholders = Placeholders()
    comment = placeholders.keep("[kept]")
    output = f"<p>a{comment}b<!--x--><!DOCTYPE y><!--kept:1--></p>"
    assert restore(output, placeholders) == "<p>a[kept]b</p>"


def test_what_never_comes_to_rest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Restless:
        def clean(self, fragment: str) -> str:
            return fragment + "x"

    sanitizer = Nh3Sanitizer()
    monkeypatch.setattr(sanitizer, "_cleaner", Restless())
    with pytest.raises(TemplateRefusedError, match="changes each time it is cleaned"):
        sanitizer.clean("<p>a</p>")


def test_an_interrupt_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def clean(self, _: str) -> str:
            raise KeyboardInterrupt

    sanitizer = Nh3Sanitizer()
    monkeypatch.setattr(sanitizer, "_cleaner", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        sanitizer.clean("<p>a</p>")


def test_a_style_sheet_keeps_its_media_attribute() -> None:
    html = clean('<style media="screen and (max-width:600px)">a{color:red}</style><style></style>')
    assert html.count("<style") == 1
    assert '<style media="screen and (max-width:600px)">' in html
