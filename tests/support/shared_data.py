"""Find the real files that lie beside the repository, where they exist."""

from pathlib import Path


def shared_data() -> Path | None:
    """Return ../shared/data as seen from the repository, None where it is absent."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return folder if folder.is_dir() else None
