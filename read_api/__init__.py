"""The HTTP process, and every answer."""
