"""The type of options that name a file to write: refused before the work, not after it."""

from pathlib import Path

import click


class OutputFile(click.Path):
    """A file that can be made or overwritten; its directory must be there."""

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


OUTPUT_FILE = OutputFile(dir_okay=False, writable=True)
