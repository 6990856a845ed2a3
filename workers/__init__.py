"""Long-running processes, one file each, run as `engine worker NAME`."""
