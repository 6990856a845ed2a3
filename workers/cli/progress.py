"""A progress bar on standard error, for people: nothing is drawn when nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[..., None]
"""Call it with how far we are and, if it was not known before, the total."""


@contextmanager
def progress_bar(label: str, *, total: int | None) -> Iterator[Advance]:
    """Yield a function that moves the bar; `total` None draws a bar that only says "at work"."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=total)

        def advance(completed: int, total: int | None = total, label: str = label) -> None:
            bar.update(task, completed=completed, total=total, description=label)

        yield advance
