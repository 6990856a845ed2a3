# ruff: noqa: INP001 - a script of its own, not a package
"""Check text files before a commit: end of file, TOML and YAML syntax, no secrets.

Usage: check_files.py FILE ... ; prints one line a finding and exits with 1 when there is any.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
    "a cloud access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a live API key": re.compile(r"\b(?:sk|rk|ek)_live_[0-9A-Za-z]{20,}"),
    "a forge's token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36}\b"),
    "a signed token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"),
}
EXAMPLE = "not a secret"
"""A line that says so holds an example, as tests and documents need them."""


def findings(path: Path) -> Iterator[str]:
    """Yield what is wrong with the file, each as one sentence."""
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        yield "does not end with a line end"
    if text.endswith("\n\n"):
        yield "ends with an empty line"
    yield from syntax(path, text)
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in SECRETS.items():
            if pattern.search(line) and EXAMPLE not in line:
                yield f"line {number} holds {what} (an example says '{EXAMPLE}' in its line)"


def syntax(path: Path, text: str) -> Iterator[str]:
    """Yield why a TOML or YAML file cannot be read."""
    try:
        if path.suffix == ".toml":
            tomllib.loads(text)
        elif path.suffix in {".yml", ".yaml"}:
            list(yaml.safe_load_all(text))
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        yield f"cannot be read: {' '.join(str(error).split())}"


def main(names: list[str]) -> int:
    """Check the named files and return the exit code."""
    code = 0
    for name in names:
        for finding in findings(Path(name)):
            sys.stdout.write(f"{name}: {finding}\n")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
