"""Clean CSS by an allow-list of properties, functions and at-rules, on tinycss2's tokens.

The same rules hold for style attributes and style sheets. What is written out is serialised from
checked tokens, so that escapes and comments cannot hide anything.
"""

from collections.abc import Sequence
from typing import Any

import tinycss2

from infra.html.css_allowed import (
    AT_RULES,
    FUNCTIONS,
    POSITIONS,
    PROPERTIES,
    PROPERTY_PREFIXES,
)

# tinycss2 writes nested blocks recursively; no honest style sheet comes near this.
MAX_BLOCK_DEPTH = 32
# tinycss2 has no types; its nodes are looked at only in this module.
Node = Any


class CssResult:
    """Clean CSS, and one short phrase for each kind of thing that was dropped."""

    def __init__(self) -> None:
        self.css = ""
        self.dropped: list[str] = []

    def drop(self, what: str) -> str:
        """Note a dropped thing once; return the empty text that takes its place."""
        if what not in self.dropped:
            self.dropped.append(what)
        return ""


def clean_declarations(css: str) -> CssResult:
    """Clean the value of a style attribute."""
    result = CssResult()
    if not _is_shallow(css):
        result.drop("styles nested too deeply")
        return result
    nodes = tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True)
    result.css = _declarations(nodes, result)
    return result


def clean_stylesheet(css: str) -> CssResult:
    """Clean the text of a style element; one rule a line."""
    result = CssResult()
    if not _is_shallow(css):
        result.drop("a style sheet nested too deeply")
        return result
    nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    result.css = _rules(nodes, result)
    return result


def _is_shallow(css: str) -> bool:
    depth = 0
    for character in css:
        if character in "([{":
            depth += 1
            if depth > MAX_BLOCK_DEPTH:
                return False
        elif character in ")]}" and depth:
            depth -= 1
    return True


def _rules(nodes: Sequence[Node], result: CssResult) -> str:
    return "".join(filter(None, (_rule(node, result) for node in nodes)))


def _rule(node: Node, result: CssResult) -> str:
    if node.type == "qualified-rule":
        return _qualified(node, result)
    if node.type == "at-rule":
        return _at_rule(node, result)
    return result.drop("CSS that cannot be read")


def _qualified(node: Node, result: CssResult) -> str:
    selector = _text(node.prelude)
    if not selector or not _is_safe_text(selector) or _has_error(node.prelude):
        return result.drop("a rule whose selector cannot be read")
    block = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
    body = _declarations(block, result)
    return f"{selector} {{{body}}}\n" if body else ""


def _at_rule(node: Node, result: CssResult) -> str:
    name = node.lower_at_keyword
    prelude = _text(node.prelude)
    if name not in AT_RULES or node.content is None:
        return result.drop(f"@{name}")
    if not _is_safe_text(prelude) or _has_error(node.prelude):
        return result.drop(f"@{name} with a condition that cannot be read")
    if name == "font-face":
        block = tinycss2.parse_blocks_contents(
            node.content, skip_comments=True, skip_whitespace=True
        )
        body = _declarations(block, result)
        return f"@font-face {{{body}}}\n" if body else ""
    inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
    body = _rules(inner, result)
    return f"@{name} {prelude} {{\n{body}}}\n" if body else ""


def _declarations(nodes: Sequence[Node], result: CssResult) -> str:
    written = (_declaration(node, result) for node in nodes)
    return "; ".join(filter(None, written))


def _declaration(node: Node, result: CssResult) -> str:
    if node.type != "declaration":
        return result.drop("CSS that cannot be read")
    name = node.lower_name
    if name not in PROPERTIES and not name.startswith(PROPERTY_PREFIXES):
        return result.drop(f"the property {name[:40]}")
    value = _text(node.value)
    if not value or not _is_safe_text(value) or not all(map(_is_safe_value, node.value)):
        return result.drop(f"the value of {name}")
    if name == "position" and value.lower() not in POSITIONS:
        return result.drop(f"position: {value[:20]}")
    return f"{name}: {value}{' !important' if node.important else ''}"


def _is_safe_value(node: Node) -> bool:
    if node.type == "url":
        return bool(node.value.lower().startswith("https://"))
    if node.type == "function":
        return _is_safe_function(node)
    if node.type in {"() block", "[] block"}:
        return all(map(_is_safe_value, node.content))
    return node.type not in {"error", "{} block"}


def _is_safe_function(node: Node) -> bool:
    arguments = [item for item in node.arguments if item.type not in {"whitespace", "comment"}]
    if node.lower_name == "url":
        return (
            len(arguments) == 1
            and arguments[0].type == "string"
            and arguments[0].value.lower().startswith("https://")
        )
    return node.lower_name in FUNCTIONS and all(map(_is_safe_value, arguments))


def _has_error(nodes: Sequence[Node]) -> bool:
    return any(node.type in {"error", "{} block", "url"} for node in nodes)


def _is_safe_text(text: str) -> bool:
    """Tell whether serialised CSS can stand in a style element, a comment and a merge source."""
    return not any(mark in text for mark in ("<", "-->", "--!", "{{", "}}"))


def _text(nodes: Sequence[Node]) -> str:
    kept = [node for node in nodes if node.type != "comment"]
    return " ".join(tinycss2.serialize(kept).split())
