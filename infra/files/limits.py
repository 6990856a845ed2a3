"""How much of a contact file is taken; past each limit there is a refusal that names it."""

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_CELL_CHARS = 32 * 1024
MAX_RECORD_CHARS = 1024 * 1024  # one row over all its lines; also bounds a quote left open
