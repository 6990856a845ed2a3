"""A group whose verbs are imported when they are asked for, so that the others start fast."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Knows, beside the verbs it was given, others by "module:name"."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        later: Mapping[str, str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - click's own
    ) -> None:
        super().__init__(*args, **kwargs)
        self._later = later or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names without importing anything."""
        return [*super().list_commands(ctx), *self._later]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb that is not there yet."""
        if cmd_name not in self._later:
            return super().get_command(ctx, cmd_name)
        module, name = self._later[cmd_name].split(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found
