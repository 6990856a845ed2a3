import msgspec
import pytest

from domain.content.compile import CompiledContent, compile_content
from domain.content.errors import MergeTagSyntaxError, TemplateRefusedError, UnknownMergeTagError
from domain.content.slots import LinkSlot, Part, PixelSlot, UnsubscribeSlot, Value
from domain.content.snapshot import ForeignTags, Snapshot

DONE = '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">out</a></p>'


def snapshot(html: str, **changes: object) -> Snapshot:
    values: dict[str, object] = {
        "subject": "Hello",
        "html": f"<body>{html}</body>",
        "from_email": "news@example.com",
        "postal_address": "Larkspur & Pine\n12345 Hilltown",
        "track_opens": False,
    }
    return Snapshot(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


def compiled(html: str, **changes: object) -> CompiledContent:
    return compile_content(snapshot(html, **changes))


def shown(parts: tuple[Part, ...]) -> str:
    return "".join(
        part
        if isinstance(part, str)
        else f"[link {part.index}]"
        if isinstance(part, LinkSlot)
        else f"[{part.place.value} {part.tag.name}]"
        if isinstance(part, Value)
        else "[unsubscribe]"
        if isinstance(part, UnsubscribeSlot)
        else "[pixel]"
        for part in parts
    )


def test_links_are_numbered_in_order_and_the_same_target_shares_its_number() -> None:
    content = compiled(
        '<a href="https://a.example/?x=1&amp;y=2">1</a><a href="http://b.example">2</a>'
        '<a class="c" href="https://a.example/?x=1&amp;y=2" title="t">3</a>' + DONE
    )
    assert content.links == ("https://a.example/?x=1&y=2", "http://b.example")
    assert shown(content.html).startswith(
        '<body><a href="[link 0]">1</a><a href="[link 1]">2</a>'
        '<a class="c" href="[link 0]" title="t">3</a>'
    )
    assert "1 ([link 0])2 ([link 1])3 ([link 0])" in shown(content.text)


@pytest.mark.parametrize(
    "link",
    [
        '<a href="mailto:a@example.com">x</a>',
        '<a href="tel:+49">x</a>',
        '<a href="#top">x</a>',
        '<a name="top">x</a>',
        '<a href="{{ unsubscribe_url }}">x</a>',
        '<a href="https://example.com/" data-no-track="">x</a>',
        '<a href="https:///nohost">x</a>',
    ],
)
def test_a_link_that_is_not_for_the_web_or_marked_is_not_tracked(link: str) -> None:
    assert compiled(link + DONE).links == ()


def test_the_no_track_mark_is_not_sent() -> None:
    html = shown(compiled('<a data-no-track href="https://example.com/">x</a>' + DONE).html)
    assert '<a href="https://example.com/">x</a>' in html


def test_nothing_is_tracked_when_the_campaign_says_so() -> None:
    html = '<a href="https://example.com/?a=1&amp;b=2">x</a>' + DONE
    content = compiled(html, track_clicks=False)
    assert content.links == ()
    assert 'href="https://example.com/?a=1&amp;b=2"' in shown(content.html)


def test_in_14_a_value_behind_the_host_is_percent_encoded_and_the_link_untracked() -> None:
    content = compiled('<a href="https://example.com/u/{{ first_name }}?x=1">x</a>' + DONE)
    assert 'href="https://example.com/u/[url_part first_name]?x=1"' in shown(content.html)
    assert content.links == ()
    (warning,) = content.warnings
    assert warning.startswith(
        "clicks on https://example.com/u/{{ first_name }}?x=1 are not tracked"
    )


def test_in_14_a_value_as_the_whole_address_must_be_one() -> None:
    content = compiled('<a href="{{ shop }}">x</a>' + DONE, fields=frozenset({"shop"}))
    assert 'href="[url_whole shop]"' in shown(content.html)


@pytest.mark.parametrize(
    "address",
    [
        "https://{{ first_name }}.example.com/",
        "https://example.com{{ first_name }}",
        "{{ email }}/x",
        "x{{ email }}",
        "{{ email }}{{ email }}",
    ],
)
def test_in_14_a_value_never_decides_a_part_of_the_host(address: str) -> None:
    with pytest.raises(TemplateRefusedError, match="takes part of its host from a contact's field"):
        compiled(f'<a href="{address}">x</a>' + DONE)


def test_a_missing_footer_is_added_before_the_end_of_the_body() -> None:
    content = compiled("<p>Hi</p>")
    html = shown(content.html)
    assert "Larkspur &amp; Pine<br>12345 Hilltown" in html
    assert html.index('<a href="[unsubscribe]"') < html.index("</body>")
    assert shown(content.text) == (
        "Hi\n\n-- \nLarkspur & Pine\n12345 Hilltown\nUnsubscribe: [unsubscribe]\n"
    )


def test_a_footer_of_the_template_is_not_repeated() -> None:
    content = compiled(DONE)
    assert shown(content.html).count("[unsubscribe]") == 1
    assert shown(content.html).count("Hilltown") == 1
    assert shown(content.text) == "Larkspur & Pine\n12345 Hilltown out ([unsubscribe])\n"


def test_the_pixel_is_the_last_thing_in_the_body() -> None:
    html = shown(compiled(DONE, track_opens=True).html)
    assert html.endswith('<img src="[pixel]" width="1" height="1" alt="">\n</body>')


def test_in_14_each_value_is_escaped_for_its_place() -> None:
    content = compiled(
        '<p title="{{ first_name }}">{{ first_name }}</p>' + DONE, subject="{{ first_name }}!"
    )
    assert '<p title="[html first_name]">[html first_name]</p>' in shown(content.html)
    assert shown(content.subject) == "[header first_name]!"
    assert "[plain first_name]" in shown(content.text)


def test_the_tags_default_comes_before_the_templates() -> None:
    content = compiled(
        "{{ plan }} {{ plan | default: 'pro &amp; more' }}" + DONE, defaults={"plan": "free"}
    )
    fallbacks = [part.fallback for part in content.html if isinstance(part, Value)]
    assert fallbacks == ["free", "pro & more"]


def test_an_unknown_tag_is_refused_with_its_place_in_the_html() -> None:
    with pytest.raises(UnknownMergeTagError, match="line 2, column 4: did you mean first_name"):
        compiled("\n<p>{{ fisrt_name }}</p>" + DONE)
    with pytest.raises(UnknownMergeTagError, match="another template language"):
        compiled("{{#each x}}" + DONE)
    with pytest.raises(UnknownMergeTagError, match="subjekt"):
        compiled(DONE, subject="{{ subjekt }}")
    with pytest.raises(MergeTagSyntaxError, match=r"in the subject: .*quotes"):
        compiled(DONE, subject="{{ email | default: x }}")


def test_foreign_tags_are_kept_on_purpose_as_they_are() -> None:
    html = (
        '{{#each x}}<a href="{{ action_url }}">go</a> <a href="{{base}}/x">b</a>'
        '<img src="{{ pic }}">{{/each}}' + DONE
    )
    content = compiled(html, foreign_tags=ForeignTags.KEEP)
    assert html[: -len(DONE)] in shown(content.html)
    assert content.links == ()
    assert "{{#each x}} is sent as it stands" in content.warnings


def test_attributes_without_values_and_other_elements_stay_as_they_are() -> None:
    html = '<td nowrap title="a &quot;{{ email }}&quot; &lt;b&gt;">x</td>'
    assert '<td nowrap="" title="a &quot;[html email]&quot; &lt;b&gt;">' in shown(
        compiled(html + DONE).html
    )


def test_addresses_in_an_authors_text_part_are_tracked_when_the_html_tracks_them() -> None:
    content = compiled(
        '<a href="https://a.example/x">x</a>' + DONE,
        text="See https://a.example/x, (https://a.example/x) not https://a.example/xy or http:",
    )
    assert shown(content.text).startswith(
        "See [link 0], ([link 0]) not https://a.example/xy or http:\n\n-- \nLarkspur"
    )


def test_a_text_part_may_begin_with_a_link() -> None:
    content = compiled('<a href="https://a.example/x">x</a>' + DONE, text="https://a.example/x")
    assert content.text[0] == LinkSlot(0, html=False)


def test_a_document_without_a_body_end_is_compiled_as_well() -> None:
    content = compile_content(msgspec.structs.replace(snapshot(""), html="<p>x</p>"))
    assert shown(content.html).startswith("<p>x</p><div")
    assert PixelSlot() not in content.html
    assert PixelSlot() in compiled("", track_opens=True).html


def test_tags_in_comments_and_styles_are_not_filled_in() -> None:
    html = "<!--[if mso]>{{ email }}<![endif]--><style>{{ email }}</style>"
    assert html in shown(compiled(html + DONE).html)


def test_a_snapshots_digest_depends_on_its_content_only() -> None:
    one = snapshot(DONE, fields=frozenset({"a", "b", "c"}), defaults={"x": "1", "y": "2"})
    two = snapshot(DONE, fields=frozenset({"c", "a", "b"}), defaults={"y": "2", "x": "1"})
    assert one.digest() == two.digest()
    assert one.digest() != snapshot(DONE).digest()
    assert len(one.digest()) == 64


def test_a_kept_tag_in_front_makes_the_whole_address_fixed() -> None:
    html = '<a href="{{base}}/{{ email }}">x</a>'
    content = compiled(html + DONE, foreign_tags=ForeignTags.KEEP)
    assert '<a href="{{base}}/[url_part email]">x</a>' in shown(content.html)


def test_a_value_may_follow_mailto() -> None:
    content = compiled('<a href="mailto:{{ email }}?subject=x">x</a>' + DONE)
    assert 'href="mailto:[url_part email]?subject=x"' in shown(content.html)


def test_an_address_without_anything_in_it_stays_empty() -> None:
    assert '<a href="">x</a>' in shown(compiled('<a href="">x</a>' + DONE).html)
