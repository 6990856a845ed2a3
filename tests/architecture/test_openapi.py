"""The checked-in OpenAPI document is that of the routes, and says what every route needs."""

import importlib
import json
import pkgutil
from pathlib import Path

import commands
import domain
import infra
from domain.shared.errors import DomainError
from domain.tenancy.roles import PERMISSIONS
from read_api.edge.refusals import STATUS, TITLES
from read_api.openapi import document
from read_api.routes import ROUTES
from tests.support.looking import LOOKS

GOLDEN = Path(__file__).parents[2] / "schemas" / "openapi.json"


def test_the_golden_document_is_that_of_the_routes() -> None:
    assert GOLDEN.read_bytes() == document(), "run `make openapi` and review the change"


def test_operations_have_unique_names_and_a_summary() -> None:
    operations = [
        operation
        for path in json.loads(GOLDEN.read_bytes())["paths"].values()
        for operation in path.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] and operation["description"] for operation in operations)


def test_every_write_takes_an_idempotency_key_and_answers_202() -> None:
    for path, operations in json.loads(GOLDEN.read_bytes())["paths"].items():
        post = operations.get("post")
        asks = path.endswith(LOOKS) or path.startswith("/v1/sessions/")  # tokens, now
        if post and post["security"] and not asks:
            parameters = {parameter["name"] for parameter in post["parameters"]}
            assert "Idempotency-Key" in parameters, path
            assert "202" in post["responses"], path


def test_every_permission_is_used() -> None:
    used = {handler.opt.get("permission") for handler in ROUTES} - {None}
    of_fields = {"personal:open"}
    of_a_role_to_be = {"billing:manage"}  # all that makes `billing` a role, until there are bills
    assert used == PERMISSIONS - of_fields - of_a_role_to_be


def domain_errors(error: type[DomainError] = DomainError) -> set[type[DomainError]]:
    return {error}.union(*(domain_errors(sub) for sub in error.__subclasses__()))


def test_every_domain_error_of_ours_has_a_status() -> None:
    for package in (domain, commands, infra):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    ours = {
        error
        for error in domain_errors()
        if error.__module__.startswith(("domain.", "commands.", "infra."))
    }
    assert len(ours) > 5
    assert {error.code for error in ours} <= STATUS.keys()


def test_every_status_has_a_title() -> None:
    assert set(STATUS.values()) == set(TITLES)
