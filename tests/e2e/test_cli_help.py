"""Every verb explains itself, and every verb that answers can answer a program."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tests.support.cli import Engine
from workers.cli.main import VERBS, main

pytestmark = pytest.mark.e2e

ANSWERS_NOTHING = {"up", "api", "worker", "mail-catcher"}
"""Run until they are stopped."""
JSON_LINES_ANYWAY = {"log export", "log checkpoints"}
WANTED = {
    "up", "api", "worker", "db migrate", "workspace create", "workspace list", "workspace token",
    "contacts import", "templates add", "templates list", "campaigns create", "campaigns launch",
    "campaigns pause", "campaigns resume", "campaigns cancel", "campaigns watch",
    "projections list", "projections lag", "projections rebuild", "projections verify",
    "log tail", "log export", "log verify-order", "log verify",
    "log checkpoints", "log public-key", "demo",
}  # fmt: skip


def verbs(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from verbs(found, f"{path}{name} ")
        else:
            yield f"{path}{name}", found


KNOWN = dict(verbs(main))


def test_the_verbs_that_were_promised_are_there() -> None:
    assert not WANTED - KNOWN.keys()


@pytest.mark.parametrize("name", KNOWN)
def test_a_verb_explains_itself(name: str) -> None:
    told = CliRunner().invoke(main, [*name.split(), "--help"], prog_name="engine")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: engine {name} [OPTIONS]")
    _, explained, _ = told.output.split("\n\n", 2)
    assert explained.strip()[0].isupper()
    assert "." in explained


@pytest.mark.parametrize("name", KNOWN.keys() - ANSWERS_NOTHING - JSON_LINES_ANYWAY)
def test_a_verb_that_answers_can_answer_a_program(name: str) -> None:
    assert "--json" in {option for param in KNOWN[name].params for option in param.opts}


def test_an_unknown_verb_is_named() -> None:
    told = CliRunner().invoke(main, ["lunch"])
    assert told.exit_code == 2
    assert "lunch" in told.output


def test_the_command_lists_its_verbs_as_a_process() -> None:
    answer = Engine({}).ask("--help")
    assert (answer.code, answer.err) == (0, "")
    assert all(f"  {verb} " in answer.out for verb in VERBS)
    assert Engine({}).refused("lunch", code=2) == "No such command 'lunch'."
