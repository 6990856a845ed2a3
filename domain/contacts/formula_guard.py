"""Keep spreadsheets from running a cell as a formula, and take the guard off again."""

# A spreadsheet runs a cell that starts with one of these (OWASP, CSV injection); the last four
# are their full-width twins.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_GUARD = "'"


def guard(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run."""
    return _GUARD + cell if cell.lstrip(" ").startswith(FORMULA_STARTS) else cell


def unguard(cell: str) -> str:
    """Return the cell as it was before `guard`."""
    if cell.startswith(_GUARD) and cell[1:].lstrip(" ").startswith(FORMULA_STARTS):
        return cell[1:]
    return cell
