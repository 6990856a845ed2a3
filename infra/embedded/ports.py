"""Free and taken TCP ports on this machine."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


class PortTakenError(Exception):
    """Something else listens on a port that a part of the engine needs."""

    def __init__(self, port: int, *, needed_by: str, setting: str) -> None:
        super().__init__(
            f"port {port} is taken by another program: {needed_by} needs it; "
            f"set {setting} to another port or stop that program"
        )
        self.port = port


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections in TIME_WAIT after a restart do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(*, host: str = LOOPBACK) -> int:
    """Return a port nobody uses; the caller should bind it soon."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, *, needed_by: str, setting: str, host: str = LOOPBACK) -> None:
    """Raise `PortTakenError` when the port is in use; 0 always passes."""
    if port and not is_free(port, host=host):
        raise PortTakenError(port, needed_by=needed_by, setting=setting)


def remembered_port(file: Path, *, wanted: int) -> int:
    """Return `wanted`, or for 0 the port used last time while it is free, or a new one.

    The choice is written to `file`, so that other processes find the server.
    """
    last = last_port(file)
    port = wanted or (last if last and is_free(last) else free_port())
    if port != last:
        file.write_text(f"{port}\n", encoding="ascii")
    return port


def last_port(file: Path) -> int | None:
    """Return the port written by `remembered_port`, or None when there is none yet."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
