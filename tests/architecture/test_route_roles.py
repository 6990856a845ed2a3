"""Which role may call which route: a checked-in table, generated from the routes themselves.

`UPDATE_MATRIX=1 pytest tests/architecture/test_route_roles.py` writes it; its diff is reviewed like
code, since it is what a change of routes or of domain/tenancy/roles.py means for people.
"""

import os
from pathlib import Path

from domain.tenancy.roles import ROLE_PERMISSIONS, VIEWING_PERMISSIONS, Role
from read_api.edge.permission_guard import DECLARATIONS
from read_api.routes import ROUTES
from tests.support.looking import LOOKS

TABLE = Path(__file__).parent / "route_roles.txt"
ALL = tuple(Role)
HEADER = (
    "Who may call which route. Roles are those of members in their workspace; `viewing` is an\n"
    "operator who looks into one; `+people`: no API key, whatever its scopes.\n\n"
)


def rows() -> list[tuple[str, str, str, list[str]]]:
    """Return method, path, what is asked for, and who has it."""
    found = []
    for handler in ROUTES:
        opt = handler.opt
        (kind,) = (name for name in DECLARATIONS if opt.get(name))
        asked = str(opt["permission"]) if kind == "permission" else kind
        who = [str(role) for role in ALL if asked in ROLE_PERMISSIONS[role]]
        if asked in VIEWING_PERMISSIONS and not opt.get("people"):
            who.append("viewing")
        if kind != "permission":
            who = {"public": ["anybody"], "account": ["signed in"], "operator": ["operator"]}[kind]
        asked += " +people" if opt.get("people") else ""
        for path in sorted(handler.paths):
            methods = handler.http_methods - {"OPTIONS"}
            found += [(str(method), path, asked, who) for method in methods]
    return sorted(found, key=lambda row: (row[1], row[0]))


def table() -> str:
    """Return one line a route, not aligned: a new one changes no other."""
    lines = [f"{method} {path} · {asked} · {' '.join(who)}" for method, path, asked, who in rows()]
    return HEADER + "\n".join(lines) + "\n"


def test_the_table_is_that_of_the_routes() -> None:
    if os.environ.get("UPDATE_MATRIX"):
        TABLE.write_text(table())
    assert TABLE.read_text() == table(), "run it with UPDATE_MATRIX=1, and review who gained what"


def test_a_viewing_and_a_viewer_change_nothing() -> None:
    """A person may leave; whatever else writes is for those who may more than look."""
    for method, path, asked, who in rows():
        if method not in {"GET", "HEAD"} and not path.endswith((*LOOKS, "/workspace/leave")):
            assert not {"viewing", "viewer"} & set(who), (method, path, asked)


def test_the_owner_may_whatever_a_member_may() -> None:
    for _, path, asked, who in rows():
        if {"admin", "editor", "viewer", "billing"} & set(who):
            assert "owner" in who, (path, asked)
