"""Rules of the house that no linter knows, each with a planted fault that it must find."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.failpoints import Failpoint
from infra.settings import DEFAULTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "commands", "projections", "read_api", "workers", "infra", "schemas")
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM)\b", re.DOTALL)
MAY_HOLD_SQL = ("projections/", "read_api/queries/", "infra/", "workers/bench/")
MAY_ASK_THE_MACHINE = ("infra/", "workers/bench/")
SET_FOR_SESSION = re.compile(r"\bSET\s+(SESSION\s+)?app\.")
SECRETS = re.compile(r"(^|_)(token|mac|signature|secret|password)\Z")


def sources() -> list[tuple[str, ast.Module]]:
    return [
        (file.relative_to(ROOT).as_posix(), ast.parse(file.read_text()))
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
    ]


def asks_the_machine(tree: ast.Module) -> Iterator[int]:
    """Find datetime.now, utcnow, time.time, uuid1 and uuid4: time and chance come as arguments."""
    banned = {("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("uuid", "uuid4")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in banned:
                    yield node.lineno
                case ast.Name(id="uuid4" | "uuid1"):
                    yield node.lineno
                case _:
                    pass


def holds_sql(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and SQL.search(node.value)
        ):
            yield node.lineno


def formats_sql(tree: ast.Module) -> Iterator[int]:
    """Find f-strings with SQL in them: values go as parameters, names through psycopg.sql."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(p.value for p in node.values if isinstance(p, ast.Constant))
            if SQL.search(text):
                yield node.lineno


def compares_secrets(tree: ast.Module) -> Iterator[int]:
    """Find == on something called a token, MAC or secret: hmac.compare_digest is for that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            names = [
                side.id if isinstance(side, ast.Name) else getattr(side, "attr", "")
                for side in (node.left, *node.comparators)
            ]
            constant = any(isinstance(side, ast.Constant) for side in node.comparators)
            if any(SECRETS.search(name) for name in names) and not constant:
                yield node.lineno


def logs_what_an_error_quotes(tree: ast.Module) -> Iterator[int]:
    """Find `error=repr(error)`: PostgreSQL's quote rows; `error=error` is logged by its reason."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(
                arg="error",
                value=ast.Call(func=ast.Name(id="repr"), args=[ast.Name(id="error")]),
            ):
                yield node.lineno
            case _:
                pass


def sets_the_tenant_for_the_session(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and SET_FOR_SESSION.search(str(node.value)):
            yield node.lineno


RULES = {
    "time and chance are passed in": (asks_the_machine, MAY_ASK_THE_MACHINE, "uuid4()"),
    "SQL has its places": (holds_sql, MAY_HOLD_SQL, '"SELECT a FROM b"'),
    "no SQL in f-strings": (formats_sql, (), 'f"DELETE FROM {name}"'),
    "secrets are compared in constant time": (compares_secrets, (), "given_token == token"),
    "no row of the database is logged with an error": (
        logs_what_an_error_quotes,
        (),
        "log.warning(error=repr(error))",
    ),
    "no tenant outlives its transaction": (
        sets_the_tenant_for_the_session,
        (),
        '"SET app.workspace = 1"',
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule: str) -> None:
    find, allowed, _ = RULES[rule]
    found = [
        f"{path}:{line}"
        for path, tree in sources()
        if not path.startswith(allowed or ("\0",))
        for line in find(tree)
    ]
    assert found == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_finds_a_planted_fault(rule: str) -> None:
    find, _, planted = RULES[rule]
    assert list(find(ast.parse(planted))) == [1]


def test_every_setting_is_documented_where_it_is_read_and_in_the_docs() -> None:
    declared = (ROOT / "infra" / "settings.py").read_text()
    documented = (ROOT / "docs" / "settings.md").read_text()
    for name in DEFAULTS:
        assert f"# {name}" in declared, name
        assert f"`{name}`" in documented, name


def test_nothing_else_reads_the_environment() -> None:
    allowed = {
        "infra/settings.py",
        "infra/embedded/command.py",  # children inherit
        "infra/eventstore/recorder.py",  # refuses a variable of the library
        "workers/cli/up.py",  # hands its options to its children
        "workers/child_process.py",
        "workers/demo/running_engine.py",
    }
    found = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert found - allowed == set()


def failpoints_passed() -> list[str]:
    return [
        node.args[0].attr
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "failpoint"
        and isinstance(node.args[0], ast.Attribute)
    ]


def test_every_failpoint_stands_at_one_place() -> None:
    assert sorted(failpoints_passed()) == sorted(point.name for point in Failpoint)


def test_nothing_of_the_product_arms_a_failpoint() -> None:
    arming = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "infra.failpoints"
        and {alias.name for alias in node.names} - {"Failpoint", "failpoint"}
    }
    assert arming == set()
