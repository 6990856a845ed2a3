from contextlib import suppress

import pytest

from domain.content.errors import MergeTagSyntaxError, UnknownMergeTagError
from domain.content.merge_tags import (
    MAX_TAG,
    Foreign,
    Tag,
    apply_filters,
    check,
    find_tags,
    parse,
    require,
)
from tests.support.work import work_of


def tag(source: str) -> Tag:
    (found,) = parse(source)
    assert isinstance(found, Tag)
    return found


@pytest.mark.parametrize(
    ("source", "name", "default", "filters"),
    [
        ("{{name}}", "name", None, ()),
        ("{{ first_name }}", "first_name", None, ()),
        ('{{ x | default: "friend" }}', "x", "friend", ()),
        ("{{ x|default:'a | b }} c'|upper }}", "x", "a | b }} c", ("upper",)),
        ('{{ x | lower | title | default: "" }}', "x", "", ("lower", "title")),
        ("{{\n x \n}}", "x", None, ()),
    ],
)
def test_a_tag_has_a_name_a_default_and_filters(
    source: str, name: str, default: str | None, filters: tuple[str, ...]
) -> None:
    found = tag(source)
    assert (found.name, found.default, found.filters) == (name, default, filters)


@pytest.mark.parametrize(
    "source",
    [
        "{{#each items}}",
        "{{/each}}",
        "{{^x}}",
        "{{> part}}",
        "{{{raw}}}",
        "{{ a.b }}",
        "{{ a b }}",
        "{{ 7 * 7 }}",
        "{{ x.__class__ }}",
        "{{ x[0] }}",
        "{{}}",
        "{{ else }}",
        "{{ ''.join(y) }}",
        "{{=<% %>=}}",
        "{{ don't }}",
        "{{ " + "a" * 65 + " }}",
    ],
)
def test_in_13_other_template_languages_are_kept_as_text(source: str) -> None:
    assert parse(f"a{source}b") == ["a", Foreign(source, 1), "b"]


@pytest.mark.parametrize(
    "source", ["{{", "}}", "{{ x", "{ { x } }", "{{ x }", "{% x %}", "${x}", "<%= x %>", "#{x}"]
)
def test_what_is_no_complete_tag_is_text(source: str) -> None:
    assert parse(source) == [source]


def test_an_open_brace_pair_does_not_swallow_the_next_tag() -> None:
    assert parse("a {{ b {{ x }} c") == ["a {{ b ", Tag("x", "{{ x }}", offset=7), " c"]
    far = "{{" + " " * MAX_TAG + "{{ x }}"
    assert [type(item) for item in parse(far)] == [str, Tag]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ x | shout }}", "the filter 'shout' does not exist; there are: default, upper, lower"),
        ("{{ x | default: friend }}", "write the default in quotes"),
        ("{{ x | default }}", "write the default in quotes"),
        ("{{ x | upper: 'a' }}", "takes no argument"),
        ("{{ x | }}", "the filter '' does not exist"),
    ],
)
def test_a_wrong_filter_is_refused_with_the_repair(source: str, reason: str) -> None:
    with pytest.raises(MergeTagSyntaxError, match=r"merge tag \{\{ x") as refusal:
        parse(source)
    assert reason in str(refusal.value)


def test_a_syntax_error_in_a_file_names_line_and_column() -> None:
    with pytest.raises(MergeTagSyntaxError, match=r"^line 2, column 4: merge tag"):
        find_tags("<p>\n<b>{{ x | shout }}</b></p>")


def test_a_tag_longer_than_the_limit_is_text() -> None:
    source = "{{ x" + " " * MAX_TAG + "}}"
    assert parse(source) == [source]


def test_joined_segments_give_the_source_again() -> None:
    source = "a{{ x }}b{{#y}}c{{{z}}}d{{ e | default: '}}' }}{{ f"
    joined = "".join(item if isinstance(item, str) else item.source for item in parse(source))
    assert joined == source


def test_tags_are_found_in_text_titles_and_attributes_only() -> None:
    html = (
        "<title>{{ a }}</title><style>{{ no }}</style><!-- {{ no }} -->"
        '<p title="{{ b | default: &quot;x&quot; }}">{{ c | default: &quot;y &amp; z&quot; }}</p>'
    )
    found = find_tags(html)
    assert [item.name for item in found if isinstance(item, Tag)] == ["a", "b", "c"]
    assert [item.default for item in found if isinstance(item, Tag)] == [None, "x", "y & z"]


def test_an_unknown_tag_names_its_place_and_what_was_meant() -> None:
    source = "<p>\n  Hi {{ fisrt_name }} and {{ fisrt_name }}</p>"
    (problem,) = check(find_tags(source), source=source)
    assert problem.message == (
        "unknown merge tag {{ fisrt_name }} at line 2, column 6: did you mean first_name?"
    )
    with pytest.raises(UnknownMergeTagError, match="did you mean first_name"):
        require([problem])


def test_contact_fields_custom_fields_defaults_and_reserved_tags_are_known() -> None:
    source = "{{ email }}{{ company }}{{ plan }}{{ unsubscribe_url }}{{ postal_address }}"
    problems = check(
        find_tags(source), source=source, fields={"company"}, defaults={"plan": "free"}
    )
    assert problems == []
    require(problems)


def test_an_unknown_tag_unlike_any_other_lists_the_known_ones() -> None:
    source = "{{ zzz }}{{#each a}}"
    unlike, foreign = check(find_tags(source), source=source)
    assert "known are email, first_name, last_name, postal_address" in unlike.message
    assert "belongs to another template language" in foreign.message


def test_filters_apply_in_order_and_title_keeps_inner_capitals() -> None:
    assert apply_filters(tag("{{ x | lower | title }}"), "ANN van DYK") == "Ann Van Dyk"
    assert apply_filters(tag("{{ x | title }}"), "o'neill mcDonald") == "O'neill McDonald"
    assert apply_filters(tag("{{ x | upper }}"), "straße") == "STRASSE"


@pytest.mark.parametrize("pattern", ["{{", "{{ '", "{{ a }", "{{{", "{{ a }}", "{{ '}}"])
def test_in_13_the_parsers_work_grows_with_the_size_and_no_faster(pattern: str) -> None:
    def work(times: int) -> int:
        def read() -> None:
            with suppress(MergeTagSyntaxError):
                parse(pattern * times + "}}")

        return work_of(read)

    assert work(16_000) < 5 * work(4_000) + 1_000
