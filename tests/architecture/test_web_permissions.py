"""The interface hides what a role may not do: its table is the one of the domain."""

import json
import re
from pathlib import Path

from domain.tenancy.roles import ROLE_PERMISSIONS

SOURCE = Path(__file__).parents[2] / "web" / "src" / "api" / "permissions.ts"


def lists(source: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, body in re.findall(r"(?:const )?(\w+)(?: =|:) (\[[^\]]*\]|[A-Z]+)[;,]", source):
        items: list[str] = list(found.get(body, [])) if body.isupper() else []
        for spread, literal in re.findall(r"\.\.\.([A-Z]+)|\"([^\"]+)\"", body):
            items += found[spread] if spread else [json.loads(f'"{literal}"')]
        found[name] = items
    return found


def test_the_table_of_the_interface_is_the_table_of_the_domain() -> None:
    written = lists(SOURCE.read_text())
    assert {role: set(written[role]) for role in ROLE_PERMISSIONS} == {
        role: set(permissions) for role, permissions in ROLE_PERMISSIONS.items()
    }
