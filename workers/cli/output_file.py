"""The types of options that name what to write: refused before the work, not after it."""

from pathlib import Path

import click


class OutputPath(click.Path):
    """A place that can be made or overwritten; the directory it is in must be there."""

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """Check the place as far as it can be checked without writing."""
        path = Path(str(super().convert(value, param, ctx)))  # type: ignore[arg-type] # click's own
        if not path.parent.is_dir():
            self.fail(f"there is no directory {path.parent}: make it first", param, ctx)
        return path


OUTPUT_FILE = OutputPath(dir_okay=False, writable=True)
OUTPUT_DIRECTORY = OutputPath(file_okay=False, writable=True)
