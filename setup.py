"""What pyproject.toml cannot say: a wheel carries the web interface, built by build_ui.py."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))

import build_ui


class BuildPy(build_py):
    """Copies the packages, and builds what read_api/_ui holds before."""

    def run(self) -> None:
        """Build the interface, unless this is an editable install: that is `make ui`."""
        if not self.editable_mode:
            build_ui.build()
        super().run()


setup(cmdclass={"build_py": BuildPy})
