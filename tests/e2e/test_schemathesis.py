"""The OpenAPI document, tried out by schemathesis on a real server with two workspaces (TN-17)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.embedded.ports import free_port
from infra.settings import Settings
from tests.e2e.test_api_process import api_process
from tests.integration.test_route_walk import CANARY, everything_of
from tests.support.http_client import found_house, serving

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SECONDS = "60"  # quiet machine: all of it in less
PHASES = "coverage,fuzzing,stateful"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "4")  # of each operation
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "ignored_auth,object_level_authorization,unsupported_method,allow_header_conformance,"
    "use_after_free,foreign_canary"
)
WITHOUT = (
    "get_audit_tail",  # does not end
    "get_readyz",  # 503 is its job: there is no NATS here
    "delete_api_key",  # would revoke the credential of the run
)


def write_configuration(folder: Path, *tokens: str) -> None:
    """Name the two peers: what one reads, the other is tried with."""
    users = [
        f"  - name: peer{number}\n    fixedHeaders:\n"
        f"      - name: Authorization\n        value: Bearer {token}\n"
        for number, token in enumerate(tokens)
    ]
    (folder / "peers.yaml").write_text("auth:\n" + "".join(users))
    (folder / "schemathesis.toml").write_text(
        '[parameters]\n"query.after" = 1\n'  # later positions are waited for
        '[auth.wfc]\npath = "peers.yaml"\nuser = "peer1"\npeers = ["peer0", "peer1"]\n'
    )


def test_the_api_is_as_its_document_says_and_tells_nobody_of_others(
    app: Adapters, worker: Adapters, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    a, b = (
        found_house(app, name, permissions=("keys:manage", "privacy:export", "privacy:manage"))
        for name in (f"{CANARY} house", "House B")
    )
    with serving(app) as client:
        everything_of(a, client, app, worker)
    for limit in ("NETWORK", "KEY", "WORKSPACE"):
        monkeypatch.setenv(f"ENGINE_LIMIT_{limit}", "1000000/1")
    port = free_port()
    write_configuration(tmp_path, a.token, b.token)
    said = tmp_path / "api.log"
    with said.open("w") as output, api_process(settings, port, output=output):
        done = subprocess.run(
            [
                Path(sys.executable).parent / "schemathesis", "--no-color", "run",
                ROOT / "schemas" / "openapi.json", "--url", f"http://127.0.0.1:{port}",
                "--checks", CHECKS, "--phases", PHASES, "--max-examples", EXAMPLES,
                "--generation-deterministic", "--generation-allow-x00", "true",
                "--max-time", SECONDS, "--continue-on-failure", "--warnings", "off", "--no-shrink",
                *(part for name in WITHOUT for part in ("--exclude-operation-id", name)),
            ],
            env=os.environ | {
                "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_checks",
                "ENGINE_TEST_CANARY": CANARY, "ENGINE_TEST_OWNER": a.token,
                "PYTHONPATH": str(ROOT),
            },
            cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
    (tmp_path / "report.txt").write_text(done.stdout)
    errors = [line for line in said.read_text().splitlines() if '"error"' in line]
    assert done.returncode == 0, "\n".join([done.stdout, done.stderr, *errors[:20]])
