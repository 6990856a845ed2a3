"""Collect what the sanitizer took out, as sentences that name the line in the original."""

from domain.content.html_tokens import line_and_column

MAX_FINDINGS = 50


class Findings:
    """Warnings about one template, each thing said once, with its first line."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: dict[str, int] = {}
        self._times: dict[str, int] = {}

    def add(self, message: str, *, at: int) -> None:
        """Note a finding at this offset."""
        self._found.setdefault(message, at)
        self._times[message] = self._times.get(message, 0) + 1

    def sentences(self) -> tuple[str, ...]:
        """Return at most MAX_FINDINGS sentences in the order of their places."""
        ordered = sorted(self._found.items(), key=lambda item: item[1])
        written = [self._sentence(message, at) for message, at in ordered[:MAX_FINDINGS]]
        if len(ordered) > MAX_FINDINGS:
            written.append(f"and {len(ordered) - MAX_FINDINGS} more kinds of things were removed")
        return tuple(written)

    def _sentence(self, message: str, at: int) -> str:
        line, _ = line_and_column(self._source, at)
        times = self._times[message]
        return f"line {line}: {message}" + (f" ({times} times)" if times > 1 else "")
