"""Lay out text as lines: collapsed spaces, paragraphs, lists, and table rows as they read."""

import re

# Invisible padding that designers put behind a preheader; a line of nothing else is empty.
_INVISIBLE = re.compile(r"[\u00ad\u034f\u200b-\u200d\u2060\ufeff]")
_SPACES = re.compile(r"[\t\n\f\r \u00a0]+")
_SHORT_ROW = 76


class TextFlow:
    """Collects the lines of one text; rows of tables are collected on their own, then joined."""

    def __init__(self) -> None:
        self._lines: list[str] = [""]
        self._cells: list[tuple[list[str], list[list[str]]]] = []
        self._lists: list[int] = []
        self._written = 0
        self._recent: list[str] = []

    def write(self, text: str) -> None:
        """Append inline text; a run of white space is one space, none at a line's start."""
        text = _SPACES.sub(" ", text)
        line = self._lines[-1]
        if not line or line.endswith(" "):
            text = text.removeprefix(" ")
        self._lines[-1] = line + text
        self._recent.append(text)

    def mark(self) -> int:
        """Return a mark for `since`."""
        return len(self._recent)

    def since(self, mark: int) -> str:
        """Return the inline text written since the mark."""
        return "".join(self._recent[mark:]).strip()

    def new_line(self) -> None:
        """Start a new line, even behind an empty one (`<br>`)."""
        self._recent.append(" ")
        self._lines[-1] = self._lines[-1].rstrip()
        self._lines.append("")

    def break_line(self) -> None:
        """Start a new line unless this one is empty."""
        if self._lines[-1].strip():
            self.new_line()

    def break_paragraph(self) -> None:
        """Leave one empty line before what follows, unless there is one or a list is open."""
        self.break_line()
        if not self._lists and len(self._lines) > 1 and self._lines[-2]:
            self.new_line()

    def open_list(self, *, numbered: bool) -> None:
        """Start a list; its items are numbered from 1, or have a dash."""
        self.break_line() if self._lists else self.break_paragraph()
        self._lists.append(1 if numbered else 0)

    def close_list(self) -> None:
        """End the innermost list."""
        if self._lists:
            self._lists.pop()
        self.break_paragraph()

    def open_item(self) -> None:
        """Start an item of the innermost list."""
        self.break_line()
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        indent = "  " * max(len(self._lists) - 1, 0)
        self._lines[-1] = indent + (f"{number}. " if number else "- ")

    def open_row(self) -> None:
        """Start a table row: its cells are set aside until it ends."""
        self.break_line()
        self._cells.append((self._lines, []))

    def open_cell(self) -> None:
        """Start a cell."""
        if self._cells:
            self._lines = [""]

    def close_cell(self) -> None:
        """End a cell; cells left open end with their row."""
        if self._cells:
            self._cells[-1][1].append(_tidy(self._lines))
            self._lines = [""]

    def close_row(self) -> None:
        """End a row: short one-line cells stand on one line, others below each other."""
        if not self._cells:
            return
        outside, cells = self._cells.pop()
        cells = [cell for cell in [*cells, _tidy(self._lines)] if cell]
        self._lines = outside
        joined = " | ".join(cell[0] for cell in cells)
        if all(len(cell) == 1 for cell in cells) and len(joined) <= _SHORT_ROW:
            self._add([joined] if joined else [])
        else:
            for cell in cells:
                self._add(cell)
                self.break_paragraph()

    def _add(self, lines: list[str]) -> None:
        for line in lines:
            self._lines[-1] = line
            self._lines.append("")

    def text(self) -> str:
        """Return everything written, with a line feed at its end unless it is empty."""
        while self._cells:
            self.close_row()
        lines = _tidy(self._lines)
        return "\n".join(lines) + "\n" if lines else ""


def _tidy(lines: list[str]) -> list[str]:
    """Strip lines, and drop empty ones at both ends and beside each other."""
    result: list[str] = []
    for written in lines:
        line = written.rstrip()
        if not _INVISIBLE.sub("", line).strip():
            line = ""
        if line or (result and result[-1]):
            result.append(line)
    while result and not result[-1]:
        result.pop()
    return result
