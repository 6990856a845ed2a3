from contextlib import suppress

import pytest

from domain.content.errors import TemplateRefusedError
from domain.content.html_tokens import tokens
from infra.html.limits import MAX_BYTES, check_structure
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.html_reading import dangers, visible_text
from tests.support.work import work_of

SANITIZER = Nh3Sanitizer()

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0b>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:x onerror=alert(1) //",
    '<img """><script>alert(1)</script>">',
    "<img src=`x` onerror=alert(1)>",
    "<IMG SRC=\"javascript:alert('x')\">",
    "<img src=\"jav&#x09;ascript:alert('x')\">",
    '<img src="data:text/html;base64,PHNjcmlwdD4=">',
    '<img src="http://x/" lowsrc="javascript:alert(1)" dynsrc="javascript:alert(1)">',
    "<body onload=alert(1)>",
    "<body background=\"javascript:alert('x')\">",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><animate attributeName=href values=javascript:alert(1)></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><desc><![CDATA[</desc><script>alert(1)</script>]]></svg>",
    '<svg></p><style><g title="</style><img src onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src onerror=x&gt;">',
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    '<textarea><img title="</textarea><img src=x onerror=alert(1)>">',
    '<title><a title="</title><img src=x onerror=alert(1)>">',
    "<select><template><img src=x onerror=alert(1)></template></select>",
    "<plaintext><img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" \x01javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript&colon;alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//evil.example/">x</a>',
    '<a href="\\\\evil.example\\x">x</a>',
    '<a href="{{ x }}" onclick="alert(1)">x</a>',
    "<a href=\"{{ x | default: 'y' }}javascript:alert(1)\" onmouseover=alert(1)>x</a>",
    '<a href=x style="display:block" onfocus=alert(1) autofocus tabindex=1>x</a>',
    '<div style="width: expression(alert(1))">x</div>',
    '<div style="wid/**/th: exp/**/ression(alert(1))">x</div>',
    '<div style="width: e\\78 pression(alert(1))">x</div>',
    '<div style="background: url(javascript:alert(1))">x</div>',
    "<div style=\"background: url('ja\\76 ascript:alert(1)')\">x</div>",
    '<div style="background-image: url(http://evil.example/p.gif)">x</div>',
    '<div style="background-image: url(data:image/svg+xml;base64,PHN2Zz4=)">x</div>',
    '<div style="-moz-binding: url(https://evil.example/x.xml#x)">x</div>',
    '<div style="behavior: url(https://evil.example/x.htc)">x</div>',
    '<div style="position: fixed; top: 0; left: 0; width: 100%; height: 100%">x</div>',
    '<div style="position: ab\\73olute">x</div>',
    '<div style="color: red; }</style><script>alert(1)</script>">x</div>',
    "<style>@import url(https://evil.example/x.css);</style>",
    "<style>@\\69mport 'https://evil.example/x.css';</style>",
    "<style>a { background: url(javascript:alert(1)) }</style>",
    "<style>a { color: red } </style ><script>alert(1)</script>",
    "<style>a::after { content: '</style><script>alert(1)</script>' }</style>",
    "<style>a::after { content: '\\3c/style>\\3cscript>alert(1)\\3c/script>' }</style>",
    "<style><!--</style><script>alert(1)</script>--></style>",
    "<style>a[href='{{ x }}'] { color: red }</style>",
    "<style>@font-face { font-family: x; src: url(http://evil.example/f.woff) }</style>",
    '<style media="all"><!-- a { color: red } --></style>',
    "<style>@media screen { @import 'x'; a { position: fixed } }</style>",
    "<style>*{behavior:url(#default#time2)}</style>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<!--[if gte mso 9]><img src=x onerror=alert(1)><![endif]-->",
    "<!--[if mso]><table onclick=alert(1)><tr><td><![endif]-->x",
    "<!--[if mso]>--><script>alert(1)</script><!--<![endif]-->",
    "<!--[if mso]>--!><script>alert(1)</script><![endif]-->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    '<!--[if mso]><table title="--><script>alert(1)</script>"><![endif]-->',
    "<!--[if mso]><style>a { content: '--><script>alert(1)</script>' }</style><![endif]-->",
    "<!--[if mso]><v:rect href='javascript:alert(1)'></v:rect><![endif]-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!---><img src=x onerror=alert(1)>-->",
    "<!--kept:0--><script>alert(1)</script>",
    '<?xml version="1.0"?><script>alert(1)</script>',
    "<![CDATA[<script>alert(1)</script>]]>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    '<base href="javascript:alert(1)//">',
    "<link rel=stylesheet href=javascript:alert(1)>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    '<meta name=viewport content="x"><meta charset=utf-7>+ADw-script+AD4-alert(1)',
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    '<table background="javascript:alert(1)"><tr><td>x</td></tr></table>',
    "<table><td background='data:image/gif;base64,R0'>x</td></table>",
    "<table><tr>{{#each x}}<script>alert(1)</script><td>{{/each}}</table>",
    "<table>{{ x }}<img src=x onerror=alert(1)></table>",
    "<html onload=alert(1) lang='\"><script>alert(1)</script>'>",
    "<body class='\"><script>alert(1)</script>' style='x:expression(alert(1))'>",
    '<title></title><title>"><script>alert(1)</script></title>',
    '<p title="&quot;><script>alert(1)</script>">x</p>',
    "<a<script>alert(1)</script>>",
    "<</script/script><script>alert(1)</script>",
    '<div id="a" id="b" style style="color:red" onclick>',
    '<img srcset="javascript:alert(1) 1x" src="https://example.com/a.png">',
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_cleaned_or_refused(attack: str) -> None:
    for html in (attack, f"<html><body><p>before</p>{attack}<p>after</p></body></html>"):
        try:
            clean = SANITIZER.clean(html).html
        except TemplateRefusedError:
            continue
        assert dangers(clean) == []
        assert SANITIZER.clean(clean).html == clean


def test_the_oracle_sees_the_danger_in_what_was_not_cleaned() -> None:
    blind = [attack for attack in ATTACKS[:12] if not dangers(attack)]
    assert len(blind) <= 4


@pytest.mark.timeout(60)  # nh3 alone would be at it for seconds to minutes (reliability row IN-7)
def test_in_7_hundreds_of_kilobytes_of_open_elements_are_refused_before_nh3() -> None:
    with pytest.raises(TemplateRefusedError, match=r"line 1, column 1281: .*nested more than 256"):
        SANITIZER.clean("<div>" * 61_440)


@pytest.mark.parametrize(
    "pattern",
    [
        "<div><table><tr><td></div></td></tr></table>",
        "<span><div></span>",
        "<div></x>",
        "<svg><desc></svg><title><div>",
        "<select><plaintext></select><div>",
        "<font><div></font>",
        "<DIV ><I>",
    ],
)
def test_in_7_nesting_cannot_be_hidden_by_wrong_end_tags(pattern: str) -> None:
    html = pattern * 3_000
    with pytest.raises(TemplateRefusedError):
        check_structure(html, tokens(html))


def work_to_clean(html: str) -> int:
    def clean() -> None:
        with suppress(TemplateRefusedError):
            SANITIZER.clean(html)

    return work_of(clean)


@pytest.mark.parametrize(
    ("start", "pattern", "end"),
    [
        ("", "<", ""),
        ("", "<!--", ""),
        ("", "<a ", ""),
        ("", "&", ""),
        ("", "{{", ""),
        ("", "{{ a", ""),
        ("", "<p>", ""),
        ("", "<li>x", ""),
        ("", "<a href='", ""),
        ("<style>", "a{", ""),
        ("<style>", "a[b=", ""),
        ("<p style='", "(", "'>"),
        ("", "<![CDATA[", ""),
        ("", "</", ""),
        ("", "<b><p></b>", ""),
        ("<a", " b", ">"),
    ],
)
def test_in_7_the_work_grows_with_the_size_and_no_faster(
    start: str, pattern: str, end: str
) -> None:
    size = 20_000 // len(pattern)
    short = work_to_clean(start + pattern * size + end)
    assert work_to_clean(start + pattern * size * 4 + end) < 5 * short + 10_000


def test_in_7_too_many_bytes_are_refused_with_the_repair() -> None:
    with pytest.raises(TemplateRefusedError, match="524,288 are allowed"):
        SANITIZER.clean("é" * (MAX_BYTES // 2 + 1))


def test_unclosed_paragraphs_rows_and_items_are_no_nesting() -> None:
    rows = "<table>" + "<tr><td>cell<p>a<p>b" * 500 + "</table>" + "<ul>" + "<li>x" * 500 + "</ul>"
    assert visible_text(SANITIZER.clean(rows).html).count("cell") == 500


def test_a_panic_of_the_parser_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    class Broken:
        def clean(self, _: str) -> str:
            raise PanicException("index out of bounds")

    sanitizer = Nh3Sanitizer()
    monkeypatch.setattr(sanitizer, "_cleaner", Broken())
    with pytest.raises(TemplateRefusedError, match="HTML validator"):
        sanitizer.clean("<p>x</p>")


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<p>a</p>\n<p>b\x00</p>", "line 2: the template has NUL bytes"),
        ("<p>\ud800</p>", "line 1: a character cannot be encoded"),
        ("a\n<svg><title>x</title></svg>", "line 2, column 6: <title> after <svg>"),
        ("<p" + " a=1" * 101 + ">", "line 1, column 1: <p> has more than 100 attributes"),
    ],
)
def test_a_refusal_names_place_and_repair(html: str, message: str) -> None:
    with pytest.raises(TemplateRefusedError) as refusal:
        SANITIZER.clean(html)
    assert str(refusal.value).startswith(message)
