import pytest

from domain.content.plain_text import from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines\n"),
        ("<h1>Big</h1>text<h2>Small</h2>", "Big\n\ntext\n\nSmall\n"),
        (
            'See <a href="https://example.com/?a=1&amp;b=2">our shop</a>.',
            "See our shop (https://example.com/?a=1&b=2).\n",
        ),
        ('<a href="https://example.com">https://example.com</a>', "https://example.com\n"),
        (
            '<a href="https://example.com"><img src="x" alt="The shop"></a>',
            "The shop (https://example.com)\n",
        ),
        ('<a href="https://example.com"><img src="x"></a>', "https://example.com\n"),
        (
            '<a href="mailto:a@example.com">write</a> <a href="#x">up</a>',
            "write (a@example.com) up\n",
        ),
        ('<a href="{{ action_url }}">Go</a>', "Go ({{ action_url }})\n"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c\n"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b\n"),
        (
            "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Bulb</td><td>3</td></tr></table>",
            "Item | Price\nBulb | 3\n",
        ),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc\n"),
        ("<table><tr><td><table><tr><td>in</td></tr></table></td></tr></table>out", "in\n\nout\n"),
        ("<div>a</div><div>b</div>c", "a\nb\nc\n"),
        ("a<hr>b", "a\n\n---\n\nb\n"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d\n"),
        ('<div style="display: none">pre</div>x', "x\n"),
        ('<style>.pre { display: none !important } </style><p class="a pre">hidden</p>x', "x\n"),
        (
            "<style>@media (max-width: 9px) { .m { display: none } }</style><p class=m>seen</p>",
            "seen\n",
        ),
        ("<p hidden>no <b>no</b> <p>no</p></p>x", "x\n"),
        ("<head><title>T</title></head><body>b<script>s</script></body>", "b\n"),
        ("<p>&zwnj;&nbsp;&zwnj;&nbsp;</p>x", "x\n"),
        ("", ""),
        ("<style>.open { display: none </style><p class=open>hidden</p>x", "x\n"),
        ("<div hidden>a<div>b</div>c<br></div>x<br hidden>y<input hidden>", "xy\n"),
        ("<td>loose cell</td><li>loose item", "loose cell\n- loose item\n"),
        ("</tr></ul></a></td>x", "x\n"),
        ("<tr><td>open row", "open row\n"),
        ("{{ first_name | default: &quot;you&quot; }}", '{{ first_name | default: "you" }}\n'),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert from_html(html) == text


def test_a_row_too_long_for_a_line_is_read_cell_by_cell() -> None:
    cell = "word " * 10
    html = f"<table><tr><td>{cell}</td><td>{cell}</td></tr></table>"
    assert from_html(html) == f"{cell.strip()}\n\n{cell.strip()}\n"
