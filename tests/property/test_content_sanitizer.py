"""The sanitizer under random HTML: safe by parsers that are not its own, and stable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.errors import TemplateRefusedError
from domain.content.names import names
from infra.html.nh3_sanitizer import Nh3Sanitizer
from tests.support.html_reading import dangers

pytestmark = pytest.mark.property

SANITIZER = Nh3Sanitizer()

NAMES = sorted(
    names(
        "a b p div span table tbody tr td th ul ol li img br hr font center h1 style script title"
        " svg math select template textarea iframe form body html head meta x o:p noscript mi desc"
    )
)
VALUES = (
    "",
    "x",
    "https://example.com/?a=1&b=2",
    "javascript:alert(1)",
    "{{ first_name }}",
    "{{ u | default: 'y' }}",
    "color:red;position:fixed",
    "background:url(javascript:1)",
    "a\"b'c<d>&amp;&lt;",
    "#top",
)
ATTRIBUTES = sorted(
    names("href src style class id title onclick onerror width background xlink:href lang")
)
TEXTS = (
    "text",
    " ",
    "\n",
    "{{#each x}}",
    "{{ first_name }}",
    "&lt;script&gt;",
    "&#60;b&#62;",
    "<!-- c -->",
    "<!--[if mso]><table><tr><td><![endif]-->",
    "<!--[if mso]><style>a{color:red}</style><![endif]-->",
    "<!--kept:0-->",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[x]]>",
    "<",
    ">",
    "]]>",
    "é🎉\u200b",
    "a{color:red}@import 'x';",
    "\"'`=",
)

quoted = st.sampled_from(['"{}"', "'{}'", "{}"])
attribute = st.builds(
    lambda name, form, value: f" {name}={form.format(value)}",
    st.sampled_from(ATTRIBUTES),
    quoted,
    st.sampled_from(VALUES),
)
start_tag = st.builds(
    lambda name, attributes, end: f"<{name}{''.join(attributes)}{end}",
    st.sampled_from(NAMES),
    st.lists(attribute, max_size=3),
    st.sampled_from([">", "/>", " >", ""]),
)
end_tag = st.sampled_from(NAMES).map("</{}>".format)
piece = st.one_of(start_tag, end_tag, st.sampled_from(TEXTS), st.text(max_size=5))
documents = st.lists(piece, max_size=25).map("".join)


@given(documents)
def test_in_12_what_passes_is_safe_and_cleaning_it_again_changes_nothing(html: str) -> None:
    try:
        clean = SANITIZER.clean(html).html
    except TemplateRefusedError:
        return
    assert dangers(clean) == []
    again = SANITIZER.clean(clean)
    assert again.html == clean
    assert again.warnings == ()
