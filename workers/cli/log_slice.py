"""What the verbs on a part of the log share: its options, and times and positions as typed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Moment(click.ParamType[datetime]):
    """A time in ISO 8601; without an offset it is UTC."""

    name = "TIME"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """Read 2026-05-04, 2026-05-04T09:30 or 2026-05-04T09:30:00+02:00."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no time: type 2026-05-04T09:30:00+02:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class PositionOrMoment(Moment):
    """A position of the log, or a time."""

    name = "POSITION|TIME"

    def convert(  # type: ignore[override] # the wider of two
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int | datetime:
        """Take digits for a position, anything else for a time."""
        text = str(value)
        return int(text) if text.isdigit() else super().convert(value, param, ctx)


def slice_options(command: F) -> F:
    """Add the options that say which part of the log is meant."""
    for option in (
        click.option("--after", default=0, type=click.IntRange(min=0), help="Above this position."),
        click.option("--upto", type=click.IntRange(min=0), help="Up to and with this position."),
        click.option("--since", type=Moment(), help="Recorded at this time or later."),
        click.option("--until", type=Moment(), help="Recorded before this time."),
        click.option("--stream", type=click.UUID, help="One stream, or one fact, by its id."),
        click.option(
            "--type",
            "types",
            multiple=True,
            help="A context (delivery) or an event type (delivery.email_sent); repeatable.",
        ),
    ):
        command = option(command)
    return command
